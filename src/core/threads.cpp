#include "core/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "core/error.hpp"

namespace dbnet::core {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

/// A hierarchy of control groups that may bound the CPU: where it is mounted, and which of its
/// groups is the mount's top.
struct Mount {
    bool v2 = false;
    std::string top;
    std::string place;
};

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

bool has_cpu(const std::string& controllers) {
    return std::ranges::count(split(controllers, ','), "cpu") > 0;
}

/// Lines of mountinfo: "31 23 0:28 TOP PLACE options... - TYPE SOURCE super-options".
std::vector<Mount> cpu_mounts(const std::string& root) {
    std::vector<Mount> mounts;
    std::ifstream file(root + "/proc/self/mountinfo");
    for (std::string line; std::getline(file, line);) {
        const std::vector<std::string> fields = split(line, ' ');
        const auto dash = std::ranges::find(fields, "-");
        if (fields.size() < 6 || fields.end() - dash < 4) continue;
        const bool v2 = dash[1] == "cgroup2";
        if (v2 || (dash[1] == "cgroup" && has_cpu(dash[3])))
            mounts.push_back({v2, fields[3], fields[4]});
    }
    return mounts;
}

/// The process's group in that hierarchy. Lines of cgroup: "0::/group" and "4:cpu,cpuacct:/group".
std::string group_in(const Mount& mount, const std::string& root) {
    std::ifstream file(root + "/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        if (mount.v2 ? controllers.empty() : has_cpu(controllers)) return line.substr(second + 1);
    }
    return "/";
}

/// "max 100000" or "150000 100000"; in version 1 a file each, without a limit -1.
double quota_of(const Mount& mount, const std::string& folder) {
    std::string quota;
    double period = 0;
    if (mount.v2) {
        std::ifstream(folder + "/cpu.max") >> quota >> period;
    } else {
        std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
        std::ifstream(folder + "/cpu.cfs_period_us") >> period;
    }
    const double value = std::strtod(quota.c_str(), nullptr);  // "max": 0
    return value > 0 && period > 0 ? value / period : kNone;
}

/// The least quota from the process's group up to the top of the mount. In a container the group
/// is named from outside and may lie elsewhere: then the mount's top is the container's own group.
double least_quota(const Mount& mount, const std::string& root) {
    std::string group = group_in(mount, root);
    const std::string top = mount.top == "/" ? "" : mount.top;
    group = group.starts_with(top) ? group.substr(top.size()) : "";
    double least = kNone;
    while (true) {
        const bool at_top = group.empty() || group == "/";
        least = std::min(least, quota_of(mount, root + mount.place + (at_top ? "" : group)));
        if (at_top) return least;
        group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
    }
}

int affinity_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

double cpu_quota(const std::string& root) {
    double least = kNone;
    for (const Mount& mount : cpu_mounts(root)) least = std::min(least, least_quota(mount, root));
    return least;
}

int available_cores() {
    const double quota = std::ceil(cpu_quota());
    const int cores = std::max(affinity_cores(), 1);
    return quota < cores ? std::max(static_cast<int>(quota), 1) : cores;
}

void require_threads(int count) {
    std::atomic<bool> asked{false};  // the threads exist until all could be started
    std::vector<std::jthread> threads;
    const auto release = [&] {
        asked = true;
        asked.notify_all();
    };
    try {
        threads.reserve(static_cast<std::size_t>(std::max(count, 0)));
        for (int i = 0; i < count; ++i) threads.emplace_back([&] { asked.wait(false); });
    } catch (const std::system_error& error) {
        release();
        fail(ErrorCode::internal, "cannot start ", count, " threads more (", threads.size(),
             " are possible): ", error.code().message(),
             "; use fewer threads or raise the limit of processes");
    } catch (...) {
        release();
        throw;
    }
    release();
}

}  // namespace dbnet::core
