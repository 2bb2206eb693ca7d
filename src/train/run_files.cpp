#include "train/run_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace dbnet::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kPartial = ".partial";
constexpr std::size_t kGenerations = 2;

std::string folder_of(const std::string& run) { return run + "/checkpoints"; }

std::string name_of(std::uint64_t step) {
    char text[32];
    std::snprintf(text, sizeof text, "%s%09llu", kPrefix.data(),
                  static_cast<unsigned long long>(step));
    return text;
}

std::optional<std::uint64_t> step_of(const std::string& name) {
    if (!name.starts_with(kPrefix)) return {};
    std::uint64_t step = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, step);
    if (error != std::errc() || stop != end) return {};
    return step;
}

/// Makes what was created or renamed in the folder last.
void sync_folder(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) core::fail(ErrorCode::io, path, ": cannot sync: ", std::strerror(reason));
}

void remove_all(const std::string& path) noexcept {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

/// What an interrupted run left, and all but the newest generations.
void remove_old(const std::string& run) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(run), error))
        if (entry.path().extension() == kPartial) remove_all(entry.path().string());
    const std::vector<CheckpointFolder> all = checkpoints(run);
    for (std::size_t i = kGenerations; i < all.size(); ++i) remove_all(all[i].path);
}

}  // namespace

std::string best_weights(const std::string& run) { return run + "/best.onnx"; }

std::vector<CheckpointFolder> checkpoints(const std::string& run) {
    std::vector<CheckpointFolder> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(run), error))
        if (const auto step = step_of(entry.path().filename().string()))
            found.push_back({*step, entry.path().string()});
    std::ranges::sort(found, std::ranges::greater(), &CheckpointFolder::step);
    return found;
}

void write_checkpoint(const std::string& run, std::uint64_t step,
                      const std::function<void(const CheckpointFolder&)>& write) {
    const std::string complete = folder_of(run) + '/' + name_of(step);
    const CheckpointFolder partial{step, complete + std::string(kPartial)};
    try {
        remove_all(partial.path);
        fs::create_directories(partial.path);
        write(partial);
        sync_folder(partial.path);
        remove_all(complete);
        fs::rename(partial.path, complete);
        sync_folder(folder_of(run));
    } catch (const fs::filesystem_error& error) {
        remove_all(partial.path);
        core::fail(ErrorCode::io, complete, ": cannot write: ", error.code().message());
    } catch (...) {
        remove_all(partial.path);
        throw;
    }
    remove_old(run);
}

}  // namespace dbnet::train
