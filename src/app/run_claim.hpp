#pragma once

#include <string>

namespace dbnet::app {

/// The folder of a run, for this process alone as long as the object lives: made, or found with the
/// same configuration to be continued.
class RunClaim {
public:
    /// Writes the effective configuration to config.yaml. `fresh`: an older folder is moved to
    /// <folder>.old, .old2, ... Throws Error: invalid_argument (the folder has checkpoints of
    /// another configuration: the message shows the differences; another process works in it), io.
    RunClaim(const std::string& folder, const std::string& effective, bool fresh);
    ~RunClaim();
    RunClaim(const RunClaim&) = delete;
    RunClaim& operator=(const RunClaim&) = delete;

private:
    int lock_ = -1;
};

}  // namespace dbnet::app
