#include "app/pdf.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/error.hpp"

extern char** environ;

namespace dbnet::app {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Arguments = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongest{120};  ///< that a program may take for one page
constexpr std::size_t kMostTalk = 4000;        ///< bytes of its messages that are kept
constexpr double kPointsPerInch = 72;

/// Both ends of a pipe; they close when nobody needs them any more, and in every program started.
class Pipe {
public:
    explicit Pipe(const std::string& path) {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
            core::fail(ErrorCode::io, path, ": cannot make a pipe: ", std::strerror(errno));
    }
    ~Pipe() {
        close_write();
        ::close(ends_[0]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_write() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

/// A program of poppler at work on one file.
class Program {
public:
    Program(const std::string& path, const Arguments& arguments)
        : path_(path), name_(arguments.front()), output_(path), talk_(path) {
        start(arguments);
        output_.close_write();
        talk_.close_write();
    }
    ~Program() {
        if (process_ > 0) end();
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// What it writes, at most so many bytes. Throws unless it ends well and in time.
    Bytes run(std::size_t most) {
        Bytes result;
        std::string said;
        const Clock::time_point deadline = Clock::now() + kLongest;
        std::array<pollfd, 2> ends{
            {{output_.read_end(), POLLIN, 0}, {talk_.read_end(), POLLIN, 0}}};
        while (ends[0].fd >= 0 || ends[1].fd >= 0) {
            wait_for(ends, deadline);
            take(ends[0], [&](std::span<const std::uint8_t> bytes) {
                if (result.size() + bytes.size() > most)
                    core::fail(ErrorCode::too_large, path_, ": ", name_,
                               " writes more than expected");
                result.insert(result.end(), bytes.begin(), bytes.end());
            });
            take(ends[1], [&](std::span<const std::uint8_t> bytes) {
                said.append(bytes.begin(), bytes.end());
                said.resize(std::min(said.size(), kMostTalk));
            });
        }
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        if (status != 0) fail_with(said);
        return result;
    }

private:
    void start(const Arguments& arguments) {
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, output_.write_end(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, talk_.write_end(), STDERR_FILENO);
        std::vector<char*> pointers;
        for (const std::string& argument : arguments)
            pointers.push_back(const_cast<char*>(argument.c_str()));
        pointers.push_back(nullptr);
        const int error =
            ::posix_spawnp(&process_, name_.c_str(), &actions, nullptr, pointers.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error == 0) return;
        process_ = -1;
        if (error == ENOENT)
            core::fail(ErrorCode::unsupported, path_, ": a PDF needs the program ", name_,
                       ": install the package poppler-utils");
        core::fail(ErrorCode::io, path_, ": cannot start ", name_, ": ", std::strerror(error));
    }

    void wait_for(std::array<pollfd, 2>& ends, Clock::time_point deadline) const {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int ready =
            ::poll(ends.data(), ends.size(), static_cast<int>(std::max<long>(left, 0)));
        if (ready == 0)
            core::fail(ErrorCode::malformed, path_, ": ", name_, " does not come to an end");
        if (ready < 0 && errno != EINTR)
            core::fail(ErrorCode::io, path_, ": cannot read from ", name_, ": ",
                       std::strerror(errno));
    }

    /// Reads what is there; at the end the descriptor is taken out of the set.
    template <typename Take>
    static void take(pollfd& end, Take take_bytes) {
        if (end.fd < 0 || end.revents == 0) return;
        std::array<std::uint8_t, 1 << 16> buffer;
        const ssize_t got = ::read(end.fd, buffer.data(), buffer.size());
        if (got > 0)
            take_bytes(std::span<const std::uint8_t>(buffer.data(), static_cast<std::size_t>(got)));
        else if (got == 0 || errno != EINTR)
            end.fd = -1;
    }

    [[noreturn]] void fail_with(std::string said) const {
        while (said.ends_with('\n')) said.pop_back();
        std::ranges::replace(said, '\n', ';');
        core::fail(ErrorCode::malformed, path_,
                   ": broken or encrypted PDF: ", said.empty() ? name_ + " failed" : said);
    }

    void end() {
        ::kill(process_, SIGKILL);
        while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    const std::string& path_;
    std::string name_;
    Pipe output_;
    Pipe talk_;
    pid_t process_ = -1;
};

/// So that a name that begins with a dash is no option.
std::string as_argument(const std::string& path) {
    return path.starts_with('/') ? path : "./" + path;
}

std::string info(const std::string& path, int page) {
    constexpr std::size_t kMostInfo = 1 << 20;
    const std::string number = std::to_string(page);
    Program program(path, {"pdfinfo", "-f", number, "-l", number, as_argument(path)});
    const Bytes text = program.run(kMostInfo);
    return {text.begin(), text.end()};
}

/// The number after "Pages:" or the like at the beginning of a line; -1 without one.
double number_after(const std::string& text, std::string_view key) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(key)) return std::strtod(line.c_str() + key.size(), nullptr);
    return -1;
}

/// Lines such as "Page    3 size:  612 x 792 pts (letter)", without the "Page" and the number.
void check_size(const std::string& path, const std::string& text, int dpi, std::int64_t most) {
    const std::size_t at = text.find(" size:");
    double width = 0, height = 0;
    char cross = 0;
    std::istringstream(at == std::string::npos ? "" : text.substr(at + 6)) >> width >> cross >>
        height;
    if (!(width > 0) || !(height > 0) || cross != 'x')
        core::fail(ErrorCode::malformed, path, ": the PDF does not say how large the page is");
    const double scale = dpi / kPointsPerInch;
    if (std::ceil(width * scale) * std::ceil(height * scale) > static_cast<double>(most))
        core::fail(ErrorCode::too_large, path, ": a page of ", width, " x ", height, " points at ",
                   dpi, " dpi has more pixels than the limit of ", most);
}

}  // namespace

bool is_pdf(std::span<const std::uint8_t> head) {
    constexpr std::string_view kMagic = "%PDF-";
    const auto end =
        head.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(head.size(), 1024));
    return std::search(head.begin(), end, kMagic.begin(), kMagic.end()) != end;
}

int count_pdf_pages(const std::string& path) {
    const double pages = number_after(info(path, 1), "Pages:");
    if (!(pages >= 1)) core::fail(ErrorCode::malformed, path, ": a PDF without pages");
    return static_cast<int>(std::min(pages, 1e6));
}

Image read_pdf_page(const std::string& path, int page, int dpi, const DecodeOptions& options) {
    check_size(path, info(path, page), dpi, options.max_pixels);
    const std::string number = std::to_string(page);
    Program program(path, {"pdftoppm", "-r", std::to_string(dpi), "-f", number, "-l", number,
                           as_argument(path)});
    constexpr std::size_t kHeader = 100;
    const Bytes picture = program.run(static_cast<std::size_t>(options.max_pixels) * 3 + kHeader);
    return Image::decode(picture, core::concat(path, ", page ", page), options);
}

}  // namespace dbnet::app
