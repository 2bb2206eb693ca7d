#include "app/run_claim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/file.hpp"
#include "train/run_files.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigFile = "/config.yaml";

/// Takes the folder's lock, which goes when the process ends, however it ends.
int lock(const std::string& folder) {
    const std::string path = folder + "/.lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) core::fail(ErrorCode::io, path, ": cannot create: ", std::strerror(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    ::close(descriptor);
    core::fail(ErrorCode::invalid_argument, folder, ": another process is training in this folder");
}

void move_aside(const std::string& folder) {
    for (int i = 1;; ++i) {
        const std::string aside = folder + ".old" + (i == 1 ? "" : std::to_string(i));
        if (fs::exists(aside)) continue;
        fs::rename(folder, aside);
        return;
    }
}

/// What a process that was killed was just writing (core::AtomicFile).
void remove_unfinished(const std::string& folder) {
    std::vector<fs::path> unfinished;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
        if (entry.path().filename().string().starts_with(core::kTemporaryPrefix))
            unfinished.push_back(entry.path());
    for (const fs::path& path : unfinished) fs::remove(path);
}

}  // namespace

/// A run that came to no checkpoint has nothing that could be mixed up.
void RunClaim::compare(const std::string& folder, TrainConfig& config) {
    if (!fs::exists(folder + kConfigFile) || train::checkpoints(folder).empty()) return;
    const std::vector<std::uint8_t> bytes = core::read_file(folder + kConfigFile);
    const std::string before(bytes.begin(), bytes.end());
    fill_in_from_run(config, before);
    Differences found = differences(before, config.effective);
    changes_ = std::move(found.accepted);
    std::string text;
    for (const std::string& line : found.refused) text += "\n  " + line;
    if (!text.empty())
        core::fail(ErrorCode::invalid_argument, folder,
                   ": holds a run with another configuration; choose another --name, or --fresh to "
                   "move it aside. What differs:",
                   text);
}

RunClaim::RunClaim(const std::string& folder, TrainConfig& config, bool fresh) {
    try {
        fs::create_directories(folder);
        lock_ = lock(folder);
        if (fresh && fs::exists(folder + kConfigFile)) {
            move_aside(folder);
            ::close(lock_);
            fs::create_directories(folder);
            lock_ = lock(folder);
        }
        compare(folder, config);
        remove_unfinished(folder);
        core::write_file(folder + kConfigFile, config.effective);
    } catch (const fs::filesystem_error& error) {
        if (lock_ >= 0) ::close(lock_);
        core::fail(ErrorCode::io, folder, ": ", error.code().message());
    } catch (...) {
        if (lock_ >= 0) ::close(lock_);
        throw;
    }
}

RunClaim::~RunClaim() { ::close(lock_); }

}  // namespace dbnet::app
