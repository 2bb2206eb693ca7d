#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <dbnet/export.hpp>

namespace dbnet {

/// What kind of thing went wrong. The message says what exactly.
enum class ErrorCode {
    invalid_argument,  ///< the caller passed something out of range or contradictory
    io,                ///< a file could not be opened, read or written
    malformed,         ///< the input is broken: truncated, inconsistent, not what its name says
    unsupported,       ///< the input is well-formed but uses something dbnet does not do
    too_large,         ///< a limit (pixels, nodes, bytes) would be exceeded
    cancelled,         ///< the caller's stop token was triggered
    internal,          ///< a defect in dbnet or an exhausted resource
};

/// The code's name: "invalid_argument", "io", ...
DBNET_API std::string_view to_string(ErrorCode code) noexcept;

/// The one exception type that dbnet throws. what() is a complete sentence for a person: it names
/// the thing (file, node, option; `file:line` of the user's input where there is one), what is
/// wrong and what was expected.
class DBNET_API Error : public std::runtime_error {
public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ~Error() override;

    ErrorCode code() const noexcept { return code_; }

private:
    ErrorCode code_;
};

}  // namespace dbnet
