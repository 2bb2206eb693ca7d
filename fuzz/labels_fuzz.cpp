// Any bytes are read as label files of any format or refused with an Error that puts the blame on
// them; what is read has outlines of three points or more. The first byte says which format and
// which of its extensions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include <dbnet/error.hpp>

#include "formats/formats.hpp"
#include "formats/sample.hpp"

namespace {

using namespace dbnet::formats;

std::vector<const Format*> readable() {
    std::vector<const Format*> formats;
    for (const Format* format : all())
        if (format->read != nullptr) formats.push_back(format);
    return formats;
}

void check(const Record& record) {
    for (const RecordRegion& region : record.regions)
        if (region.polygon.size() < 3) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<const Format*> formats = readable();
    if (size == 0) return 0;
    const Format& format = *formats[data[0] % formats.size()];
    const std::string_view second = format.labels.extensions[1];
    const bool other = data[0] / formats.size() % 2 == 1 && !second.empty();
    const Input input("input" + std::string(other ? second : format.labels.extensions[0]),
                      std::make_shared<const std::vector<std::uint8_t>>(data + 1, data + size),
                      [](const std::string& path) -> Input {
                          throw dbnet::Error(dbnet::ErrorCode::io, path + ": not here");
                      });
    const auto guarded = [](auto run) {
        try {
            run();
        } catch (const dbnet::Error& error) {
            if (error.code() == dbnet::ErrorCode::internal) std::abort();
        }
    };
    guarded([&] {
        format.read(input,
                    RecordSink([](Record&& record) { check(record); }, [](const dbnet::Error&) {}));
    });
    guarded([&] { recognise({input}); });
    return 0;
}
