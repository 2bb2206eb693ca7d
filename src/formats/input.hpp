#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbnet::formats {

/// What a reader reads: a file on disk, or one that is in memory (a member of an archive).
struct Input {
    using Bytes = std::shared_ptr<const std::vector<std::uint8_t>>;
    /// Gives another file by its path, for label files that name others. Throws Error{io}.
    using Open = std::function<Input(const std::string& path)>;

    Input(std::string file) : path(std::move(file)) {}
    Input(const char* file) : path(file) {}
    Input(std::string file, Bytes content, Open open_other = {})
        : path(std::move(file)), bytes(std::move(content)), open(std::move(open_other)) {}

    /// The file at `other`, from where this one is.
    Input at(const std::string& other) const { return open ? open(other) : Input(other); }

    std::string path;  ///< what messages call it
    Bytes bytes = {};  ///< null: the file lies on disk
    Open open = {};
};

/// The bytes of an input, one block after the other, so that memory does not grow with the file.
class ByteStream {
public:
    /// Throws Error: io, too_large (more than `max_bytes`).
    explicit ByteStream(const Input& input, std::int64_t max_bytes = kMostStreamed);
    ~ByteStream();
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    /// The next block, which lives until the next call; empty at the end. Throws Error{io}.
    std::string_view next();
    /// Goes on at that byte of the file. Throws Error{io}.
    void seek(std::int64_t byte);
    std::int64_t size() const noexcept { return size_; }

    static constexpr std::int64_t kMostStreamed = 64'000'000'000;

private:
    std::string path_;
    Input::Bytes bytes_;
    std::int64_t size_ = 0;
    std::int64_t position_ = 0;
    int descriptor_ = -1;
    std::vector<char> block_;
};

/// All of it. Throws as ByteStream.
std::string read_text(const Input& input, std::int64_t max_bytes);

}  // namespace dbnet::formats
