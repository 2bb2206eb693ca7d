#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/input.hpp"

// Archives as folders: "set.zip/images/1.jpg" is a member of set.zip (docs/data.md). Zip and plain
// tar, whose members can be read one by one, also the shards of WebDataset.
namespace dbnet::data {

/// An archive whose members are known. Thread-safe.
class Archive {
public:
    /// Throws Error: io, malformed, unsupported (a compressed tar, whose members cannot be reached
    /// one by one), too_large (more than 10,000,000 members).
    static std::shared_ptr<const Archive> open(const std::string& path);

    virtual ~Archive() = default;
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    const std::string& path() const noexcept { return path_; }
    /// Names of the files in it, sorted, '/' between folders.
    std::vector<std::string> names() const;
    bool has(const std::string& name) const { return members_.contains(name); }
    /// Throws Error: io, malformed, too_large.
    std::vector<std::uint8_t> read(const std::string& name, std::int64_t max_bytes) const;

protected:
    struct Member {
        std::uint64_t position = 0;  ///< what the archive's reader finds it by
        std::uint64_t number = 0;
        std::int64_t size = 0;
    };

    explicit Archive(std::string path) : path_(std::move(path)) {}
    void add(std::string name, const Member& member);
    [[noreturn]] void fail(std::string_view what) const;

private:
    virtual std::vector<std::uint8_t> read_member(const Member& member) const = 0;

    std::string path_;
    std::map<std::string, Member> members_;
};

bool is_named_as_archive(const std::string& path);

/// What a path means when archives are folders.
struct InArchive {
    std::shared_ptr<const Archive> archive;
    std::string inner;  ///< empty: all of it
};

/// The archive that a path leads through, opened once while somebody uses it; nothing for paths on
/// disk. From the first call, core::read_file() reads members of archives, too. Throws as
/// Archive::open.
std::optional<InArchive> in_archive(const std::string& path);

/// The same questions for disk and archives.
bool is_file(const std::string& path);
bool is_folder(const std::string& path);
/// Paths of the files of a folder, sorted, hidden ones left out; of an archive also those in the
/// folders below. Throws Error{io}.
std::vector<std::string> files_in(const std::string& folder);
/// For readers of label files. Throws Error: io, too_large.
formats::Input input_of(const std::string& path);

}  // namespace dbnet::data
