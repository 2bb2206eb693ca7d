#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <dbnet/error.hpp>

namespace dbnet::cli {

/// Exit codes of every verb (docs/cli.md).
enum ExitCode {
    kDone = 0,
    kFailed = 1,         ///< for example an output that cannot be written
    kUsage = 2,          ///< the command line is wrong
    kUnusable = 3,       ///< the model cannot be used, or every input failed
    kPartlyFailed = 4,   ///< some inputs failed, the others are done
    kInterrupted = 130,  ///< what was in work is finished
};

/// Ends the command with a message.
class Exit : public std::runtime_error {
public:
    Exit(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const noexcept { return code_; }

private:
    ExitCode code_;
};

/// Does `work`, whose failure ends the command with that code, unless the arguments are to blame.
template <typename Work>
auto or_exit(ExitCode code, Work work) {
    try {
        return work();
    } catch (const Error& error) {
        throw Exit(error.code() == ErrorCode::invalid_argument ? kUsage : code, error.what());
    }
}

}  // namespace dbnet::cli
