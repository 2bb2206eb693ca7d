#pragma once

#include <functional>
#include <string_view>

namespace dbnet::core {

enum class LogLevel { debug, info, warning, error };

using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Where the messages go; without a sink (the default) they are dropped: the library prints
/// nothing. The sink may be called from any thread, one call at a time.
void set_log_sink(LogSink sink);

void log(LogLevel level, std::string_view message);

}  // namespace dbnet::core
