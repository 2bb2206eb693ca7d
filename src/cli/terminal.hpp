#pragma once

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace dbnet::cli {

using core::LogLevel;

/// How a command talks (-q, -v, --log-json).
struct TerminalSettings {
    bool quiet = false;    ///< errors only
    bool verbose = false;  ///< also what is done with each image
    bool json = false;     ///< every message as one JSON object per line
};

/// Everything that is said goes through here to stderr; stdout is for results. Colours and the
/// progress bar appear on a terminal only, colours also unless NO_COLOR is set. Thread-safe.
class Terminal {
public:
    explicit Terminal(const TerminalSettings& settings);

    void message(LogLevel level, std::string_view text);

    /// As a warning, preceded by whom it is about; a text that was said before is not repeated.
    void warn_once(const std::string& subject, const std::string& text);

    /// Shows how far the work is, on a terminal. Never more often than ten times a second.
    void progress(std::size_t done, std::size_t total);
    /// Says what goes on: on a terminal in the place of the progress bar, cut to its width and at
    /// most ten times a second; elsewhere as a message every 30 seconds.
    void status(const std::string& text);
    /// Takes the progress bar, or the status, away.
    void end_progress();

private:
    using Clock = std::chrono::steady_clock;

    bool is_said(LogLevel level) const noexcept;
    std::string formatted(LogLevel level, std::string_view text) const;
    void show(std::string bar);
    void erase_bar();

    TerminalSettings settings_;
    bool is_terminal_;
    bool has_colours_;
    std::mutex mutex_;
    std::set<std::string> warned_;
    std::string bar_;  ///< what stands in the last line: progress or status
    Clock::time_point begun_;
    Clock::time_point shown_{};  ///< when the bar or the status was last
};

}  // namespace dbnet::cli
