#pragma once

#include "core/error.hpp"
#include "image/codec.hpp"

namespace dbnet::image {

/// A library that is opened when the first file needs it and stays: mapped at the start of every
/// program, libheif and libavif with the video codecs behind them would cost more time than all
/// others together.
class SharedLibrary {
public:
    /// `name`: as the dynamic linker knows it, "libheif.so.1". Throws Error{unsupported} naming it
    /// and `package`, which has it.
    SharedLibrary(const char* name, const char* package);

    /// A function of the library, by its name: get<decltype(heif_context_alloc)>("...").
    template <typename Function>
    Function* get(const char* function) const {
        return reinterpret_cast<Function*>(address_of(function));
    }

private:
    void* address_of(const char* function) const;

    const char* name_;
    void* handle_;
};

/// The functions of a library, opened once for all files. Throws Error{unsupported}, naming the
/// file, as long as that fails.
template <typename Functions>
const Functions& load(const Source& source) {
    try {
        static const Functions functions;
        return functions;
    } catch (const Error& error) {
        source.fail(error.code(), error.what());
    }
}

}  // namespace dbnet::image
