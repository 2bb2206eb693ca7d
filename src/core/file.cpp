#include "core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.hpp"

namespace dbnet::core {
namespace {

constexpr std::size_t kFlushBytes = 1 << 16;

[[noreturn]] void fail_io(const std::string& path, std::string_view what) {
    fail(ErrorCode::io, path, ": ", what, ": ", std::strerror(errno));
}

class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }

private:
    int value_;
};

/// One read(2), repeated when a signal interrupts it. Returns 0 at the end of the file.
std::size_t read_some(int descriptor, std::uint8_t* data, std::size_t size,
                      const std::string& path) {
    for (;;) {
        const ssize_t got = ::read(descriptor, data, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) fail_io(path, "cannot read");
    }
}

/// False, with errno set, when not all could be written.
bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

/// Writes all of it at the end of the file, or leaves the file as it was and throws.
void append_or_fail(int descriptor, std::string_view bytes, const std::string& path) {
    const off_t end = ::lseek(descriptor, 0, SEEK_END);
    if (write_all(descriptor, bytes)) return;
    const int reason = errno;
    [[maybe_unused]] const int cut = ::ftruncate(descriptor, end);
    ::lseek(descriptor, end, SEEK_SET);
    errno = reason;
    fail_io(path, "cannot write");
}

FileSource& file_source() {
    static FileSource source;
    return source;
}

}  // namespace

void set_file_source(FileSource source) { file_source() = std::move(source); }

std::vector<std::uint8_t> read_file(const std::string& path, std::int64_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        const int error = errno;
        if (error == ENOTDIR && file_source())
            if (auto bytes = file_source()(path, max_bytes)) return std::move(*bytes);
        errno = error;
        fail_io(path, "cannot open");
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) fail_io(path, "cannot read");
    if (S_ISDIR(info.st_mode)) fail(ErrorCode::io, path, ": is a folder, expected a file");
    const auto refuse_above = [&](std::int64_t size) {
        if (size > max_bytes)
            fail(ErrorCode::too_large, path, ": larger than the limit of ", max_bytes, " bytes");
    };
    refuse_above(info.st_size);
    // Pipes and /proc files announce no size, so the loop reads until there is nothing more.
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(info.st_size) + 1);
    std::size_t used = 0;
    while (const std::size_t got =
               read_some(file.get(), bytes.data() + used, bytes.size() - used, path)) {
        used += got;
        refuse_above(static_cast<std::int64_t>(used));
        if (used == bytes.size()) bytes.resize(used + std::max<std::size_t>(used, kFlushBytes));
    }
    bytes.resize(used);
    return bytes;
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
    static std::atomic<unsigned> counter{0};
    // A name of its own rather than the file's with something added, which may be as long as the
    // file system allows.
    const std::size_t folder = path_.rfind('/') + 1;  // 0 without one
    temporary_ = concat(path_.substr(0, folder), kTemporaryPrefix, ::getpid(), "-", counter++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_io(path_, "cannot create");
}

AtomicFile::~AtomicFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view text) {
    const std::size_t before = pending_.size();
    pending_ += text;
    if (pending_.size() < kFlushBytes) return;
    try {
        flush();
    } catch (...) {
        pending_.resize(before);
        throw;
    }
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write_now(std::string_view text) {
    flush();
    append_or_fail(descriptor_, text, path_);
}

void AtomicFile::flush() {
    append_or_fail(descriptor_, pending_, path_);
    pending_.clear();
}

void AtomicFile::commit() {
    flush();
    if (::fsync(descriptor_) != 0) fail_io(path_, "cannot sync");
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io(path_, "cannot replace");
    ::close(std::exchange(descriptor_, -1));
}

AppendFile::AppendFile(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_io(path_, "cannot open");
}

AppendFile::~AppendFile() { ::close(descriptor_); }

void AppendFile::append(std::string_view bytes) { append_or_fail(descriptor_, bytes, path_); }

void write_file(const std::string& path, std::string_view text) {
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

void write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
    write_file(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace dbnet::core
