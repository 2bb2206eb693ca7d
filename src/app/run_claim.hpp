#pragma once

#include <string>
#include <vector>

#include "app/train_config.hpp"

namespace dbnet::app {

/// The folder of a run, for this process alone as long as the object lives: made, or found with the
/// same configuration to be continued.
class RunClaim {
public:
    /// Writes the effective configuration to config.yaml. `fresh`: an older folder is moved to
    /// <folder>.old, .old2, ... Where a run is continued whose `init` is gone, the configuration
    /// gets what that would have said (fill_in_from_run()). Throws Error: invalid_argument (the
    /// folder has checkpoints of another configuration: the message shows the differences; another
    /// process works in it), io.
    RunClaim(const std::string& folder, TrainConfig& config, bool fresh);
    ~RunClaim();
    RunClaim(const RunClaim&) = delete;
    RunClaim& operator=(const RunClaim&) = delete;

    /// What is different from the run up to now: Differences::accepted.
    const std::vector<std::string>& changes() const noexcept { return changes_; }

private:
    void compare(const std::string& folder, TrainConfig& config);

    std::vector<std::string> changes_;
    int lock_ = -1;
};

}  // namespace dbnet::app
