// Any bytes are an archive whose members can be read, or are refused with an Error. The first byte
// says whether they are taken for zip or tar.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "data/archive.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string path = "/dev/shm/dbnet_archive_fuzz_" + std::to_string(::getpid()) +
                             (data[0] % 2 == 0 ? ".zip" : ".tar");
    dbnet::core::write_file(path, std::span(data + 1, size - 1));
    try {
        const auto archive = dbnet::data::Archive::open(path);
        for (const std::string& name : archive->names()) {
            try {
                archive->read(name, 1 << 20);
            } catch (const dbnet::Error& error) {
                if (error.code() == dbnet::ErrorCode::internal) std::abort();
            }
        }
    } catch (const dbnet::Error& error) {
        if (error.code() == dbnet::ErrorCode::internal) std::abort();
    }
    ::unlink(path.c_str());
    return 0;
}
