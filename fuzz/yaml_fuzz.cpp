// Any bytes are YAML that can be written and read again, or are refused with an Error.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <dbnet/error.hpp>

#include "app/yaml.hpp"
#include "core/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string path = "/dev/shm/dbnet_yaml_fuzz_" + std::to_string(::getpid());
    dbnet::core::write_file(path, std::span(data, size));
    try {
        dbnet::app::write_yaml(dbnet::app::read_yaml(path));
    } catch (const dbnet::Error& error) {
        if (error.code() == dbnet::ErrorCode::internal) std::abort();
    }
    ::unlink(path.c_str());
    return 0;
}
