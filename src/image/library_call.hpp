#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <dbnet/image.hpp>

// Calls into C libraries that report errors by callbacks and leave them by longjmp.
namespace dbnet::image {

/// What a library said during one decoding. Fixed memory: a callback may not throw through C.
class LibraryMessages {
public:
    static constexpr std::size_t kLength = 200;  ///< JMSG_LENGTH_MAX of libjpeg

    /// Keeps the first error, which is the cause of those after it.
    void set_error(const char* text) noexcept {
        if (error_[0] == '\0') keep(text, error_);
    }
    /// Keeps the first warning and counts the others: hostile files cause any number of them.
    void add_warning(const char* text) noexcept {
        if (warnings_++ == 0) keep(text, warning_);
    }

    const char* error() const noexcept { return error_.data(); }

    /// Hands the warnings over to the image as one.
    void report(std::string_view library, Image& image) const {
        if (warnings_ == 0) return;
        std::string text = std::string(library) + ": " + warning_.data();
        if (warnings_ > 1) text += " (and " + std::to_string(warnings_ - 1) + " more)";
        image.add_warning(std::move(text));
    }

private:
    using Text = std::array<char, kLength>;

    static void keep(const char* text, Text& to) noexcept {
        const std::size_t length = std::min(std::strlen(text), kLength - 1);
        std::copy_n(text, length, to.begin());
        to[length] = '\0';
    }

    Text error_{};
    Text warning_{};
    int warnings_ = 0;
};

/// Runs `calls`; false when the library left it by longjmp(jump). The frames that are left must
/// hold nothing with a destructor: `calls` captures by reference and declares only plain values.
/// It may not throw, since that would unwind C frames.
template <typename Calls>
[[gnu::noinline]] bool attempt(std::jmp_buf& jump, Calls calls) noexcept {
    static_assert(std::is_trivially_destructible_v<Calls>);
    if (setjmp(jump) != 0) return false;
    calls();
    return true;
}

/// For callbacks that collect output; false when there is no memory.
inline bool append(std::vector<std::uint8_t>& bytes, const std::uint8_t* data,
                   std::size_t size) noexcept {
    try {
        bytes.insert(bytes.end(), data, data + size);
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace dbnet::image
