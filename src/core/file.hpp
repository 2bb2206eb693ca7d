#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbnet::core {

/// The whole file. Throws Error: io (missing, unreadable, a folder; the message names the path and
/// the reason), too_large (more than max_bytes, found before anything is allocated).
std::vector<std::uint8_t> read_file(
    const std::string& path, std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max());

/// What the names of temporary files begin with. They lie in the folder of the file that they are
/// to become, and remain there when the process is killed.
inline constexpr std::string_view kTemporaryPrefix = ".dbnet-tmp-";

/// Reads what is no file on disk although its path is asked for, a member of an archive; nothing if
/// it is none. May be called from several threads. Throws as read_file().
using FileSource = std::function<std::optional<std::vector<std::uint8_t>>(const std::string& path,
                                                                          std::int64_t max_bytes)>;

/// Where read_file() looks for paths that lead through a file ("set.zip/1.jpg"). To be set before
/// other threads read; without it there are no such files.
void set_file_source(FileSource source);

/// Writes a file so that a reader sees either the old one or the complete new one: a temporary file
/// in the same folder, synced and renamed by commit(). Without commit() nothing remains. All
/// members throw Error{io} naming the path.
class AtomicFile {
public:
    explicit AtomicFile(std::string path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    /// All of it, or nothing when it throws: after a full disk one may go on.
    void write(std::string_view text);
    void write(std::span<const std::uint8_t> bytes);
    /// As write(), which gathers what it gets, but on the disk at once.
    void write_now(std::string_view text);
    void commit();

private:
    void flush();

    std::string path_;
    std::string temporary_;
    std::string pending_;
    int descriptor_ = -1;
};

/// A file that grows, opened at its end and made if it is missing. What is appended survives the
/// end of the process, however it comes. All members throw Error{io} naming the path.
class AppendFile {
public:
    explicit AppendFile(std::string path);
    ~AppendFile();
    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;

    /// All of it, or nothing when it throws (a full disk).
    void append(std::string_view bytes);

private:
    std::string path_;
    int descriptor_ = -1;
};

/// Writes the whole content through an AtomicFile.
void write_file(const std::string& path, std::string_view text);
void write_file(const std::string& path, std::span<const std::uint8_t> bytes);

}  // namespace dbnet::core
