#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "core/timer.hpp"

namespace dbnet::cli {
namespace {

struct LevelStyle {
    const char* name;
    const char* prefix;
    const char* colour;
};

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kStatusLine{30};
constexpr const char* kPlain = "\033[0m";

const LevelStyle& style_of(LogLevel level) {
    static constexpr std::array<LevelStyle, 4> kStyles{{{"debug", "", ""},
                                                        {"info", "", ""},
                                                        {"warning", "warning: ", "\033[33m"},
                                                        {"error", "error: ", "\033[31m"}}};
    return kStyles[static_cast<std::size_t>(level)];
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
        text += core::concat(", ", core::duration_text(static_cast<double>(total - done) / rate),
                             " left");
    return text;
}

/// Columns that fit without moving the cursor to the next line.
std::size_t terminal_width() {
    winsize size{};
    constexpr std::size_t kUsual = 79;
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
               ? std::size_t{size.ws_col} - 1
               : kUsual;
}

/// At most so many characters of UTF-8.
std::string cut(const std::string& text, std::size_t width) {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    std::size_t used = 0;
    const auto end =
        std::ranges::find_if(text, [&](char c) { return begins(c) && used++ == width; });
    return {text.begin(), end};
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
            {"time", core::utc_time()}, {"level", style.name}, {"message", text}};
        return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    std::string line = style.prefix;
    if (has_colours_ && !line.empty()) line = style.colour + line + kPlain;
    return line.append(core::printable(text)) + "\n";
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
    if (done > 0 && now - shown_ < kRedraw) return;
    shown_ = now;
    show(progress_bar(done, total, std::chrono::duration<double>(now - begun_).count()));
}

void Terminal::status(const std::string& text) {
    if (!is_said(LogLevel::info)) return;
    {
        const std::lock_guard lock(mutex_);
        const Clock::time_point now = Clock::now();
        if (now - shown_ < (is_terminal_ ? kRedraw : kStatusLine)) return;
        shown_ = now;
        if (is_terminal_) return show(cut(core::printable(text), terminal_width()));
    }
    message(LogLevel::info, text);
}

void Terminal::show(std::string bar) {
    erase_bar();
    bar_ = std::move(bar);
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
