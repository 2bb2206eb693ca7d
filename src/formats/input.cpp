#include "formats/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kBlock = 1 << 16;

[[noreturn]] void fail_io(const std::string& path, std::string_view what, int error) {
    core::fail(ErrorCode::io, path, ": cannot ", what, ": ", std::strerror(error));
}

}  // namespace

ByteStream::ByteStream(const Input& input, std::int64_t max_bytes)
    : path_(input.path), bytes_(input.bytes) {
    if (bytes_) {
        size_ = static_cast<std::int64_t>(bytes_->size());
    } else {
        descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor_ < 0) fail_io(path_, "open", errno);
        struct stat status {};
        const int error = ::fstat(descriptor_, &status) != 0 ? errno
                          : S_ISDIR(status.st_mode)          ? EISDIR
                                                             : 0;
        if (error != 0) {
            ::close(descriptor_);
            fail_io(path_, "read", error);
        }
        size_ = status.st_size;
        block_.resize(kBlock);
    }
    if (size_ <= max_bytes) return;
    if (descriptor_ >= 0) ::close(descriptor_);
    core::fail(ErrorCode::too_large, path_, ": has ", size_, " bytes, the limit is ", max_bytes);
}

ByteStream::~ByteStream() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::string_view ByteStream::next() {
    if (bytes_) {
        const auto at = static_cast<std::size_t>(std::min(position_, size_));
        position_ = size_;
        return {reinterpret_cast<const char*>(bytes_->data()) + at, bytes_->size() - at};
    }
    ssize_t got = -1;
    do {
        got = ::pread(descriptor_, block_.data(), block_.size(), position_);
    } while (got < 0 && errno == EINTR);
    if (got < 0) fail_io(path_, "read", errno);
    position_ += got;
    return {block_.data(), static_cast<std::size_t>(got)};
}

void ByteStream::seek(std::int64_t byte) { position_ = byte; }

std::string read_text(const Input& input, std::int64_t max_bytes) {
    ByteStream stream(input, max_bytes);
    std::string text;
    text.reserve(static_cast<std::size_t>(stream.size()));
    for (std::string_view block = stream.next(); !block.empty(); block = stream.next()) {
        if (text.size() + block.size() > static_cast<std::size_t>(max_bytes))
            core::fail(ErrorCode::too_large, input.path, ": has more than ", max_bytes, " bytes");
        text += block;
    }
    return text;
}

}  // namespace dbnet::formats
