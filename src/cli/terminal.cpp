#include "cli/terminal.hpp"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace dbnet::cli {
namespace {

struct LevelStyle {
    const char* name;
    const char* prefix;
    const char* colour;
};

constexpr const char* kPlain = "\033[0m";

const LevelStyle& style_of(LogLevel level) {
    static constexpr std::array<LevelStyle, 4> kStyles{{{"debug", "", ""},
                                                        {"info", "", ""},
                                                        {"warning", "warning: ", "\033[33m"},
                                                        {"error", "error: ", "\033[31m"}}};
    return kStyles[static_cast<std::size_t>(level)];
}

std::string utc_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/// "0:07", "12:30", "3:00:05".
std::string duration(double seconds) {
    const long total = std::lround(seconds);
    char text[48];
    if (total < 3600)
        std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
    else
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60,
                      total % 60);
    return text;
}

std::string progress_bar(std::size_t done, std::size_t total, double seconds) {
    constexpr std::size_t kWidth = 24;
    const std::size_t filled = total == 0 ? kWidth : done * kWidth / total;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    std::string text = "[";
    text.append(filled, '#').append(kWidth - filled, '-');
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "] %zu/%zu images, %.1f images/s", done, total, rate);
    text += numbers;
    if (done > 0)
        text += core::concat(", ", duration(static_cast<double>(total - done) / rate), " left");
    return text;
}

void put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Terminal::Terminal(const TerminalSettings& settings)
    : settings_(settings),
      is_terminal_(::isatty(STDERR_FILENO) == 1 && !settings.json),
      // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
      has_colours_(is_terminal_ && std::getenv("NO_COLOR") == nullptr),
      begun_(Clock::now()) {}

bool Terminal::is_said(LogLevel level) const noexcept {
    if (settings_.quiet) return level == LogLevel::error;
    return level != LogLevel::debug || settings_.verbose;
}

std::string Terminal::formatted(LogLevel level, std::string_view text) const {
    const LevelStyle& style = style_of(level);
    if (settings_.json) {
        const nlohmann::ordered_json line{
            {"time", utc_time()}, {"level", style.name}, {"message", text}};
        return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    std::string line = style.prefix;
    if (has_colours_ && !line.empty()) line = style.colour + line + kPlain;
    return line.append(text) + "\n";
}

void Terminal::message(LogLevel level, std::string_view text) {
    if (!is_said(level)) return;
    const std::lock_guard lock(mutex_);
    erase_bar();
    put(formatted(level, text));
    put(bar_);
}

void Terminal::warn_once(const std::string& subject, const std::string& text) {
    {
        const std::lock_guard lock(mutex_);
        if (!warned_.insert(text).second) return;
    }
    message(LogLevel::warning, subject + ": " + text);
}

void Terminal::progress(std::size_t done, std::size_t total) {
    if (!is_terminal_ || settings_.quiet) return;
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (done == 0) begun_ = now;
    if (done > 0 && now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    erase_bar();
    bar_ = progress_bar(done, total, std::chrono::duration<double>(now - begun_).count());
    put(bar_);
}

void Terminal::end_progress() {
    const std::lock_guard lock(mutex_);
    erase_bar();
    bar_.clear();
}

void Terminal::erase_bar() {
    if (!bar_.empty()) put("\r\033[K");
}

}  // namespace dbnet::cli
