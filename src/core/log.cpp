#include "core/log.hpp"

#include <mutex>
#include <utility>

namespace dbnet::core {
namespace {

std::mutex mutex;
LogSink sink_;

}  // namespace

void set_log_sink(LogSink sink) {
    const std::lock_guard lock(mutex);
    sink_ = std::move(sink);
}

void log(LogLevel level, std::string_view message) {
    const std::lock_guard lock(mutex);
    if (sink_) sink_(level, message);
}

}  // namespace dbnet::core
