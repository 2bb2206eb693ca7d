#include "core/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

namespace dbnet::core {
namespace {

/// CPU quota of control group v2 in cores, or infinity.
double cgroup_quota() {
    std::ifstream file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0)
        return std::numeric_limits<double>::infinity();
    return std::strtod(quota.c_str(), nullptr) / period;
}

int affinity_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

int available_cores() {
    const double quota = std::ceil(cgroup_quota());
    const int cores = std::max(affinity_cores(), 1);
    return quota < cores ? std::max(static_cast<int>(quota), 1) : cores;
}

}  // namespace dbnet::core
