#pragma once

#include <chrono>
#include <string>

namespace dbnet::core {

/// Measures from its construction.
class Timer {
public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    double milliseconds() const { return seconds() * 1e3; }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

/// "2026-03-01T12:00:00Z".
std::string utc_time();

/// "0:07", "12:30", "3:00:05".
std::string duration_text(double seconds);

}  // namespace dbnet::core
