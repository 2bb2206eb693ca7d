// Tar by libarchive, which reads from front to back: a member is read again from where its header
// is. Zip by minizip, which goes to a member directly, what libarchive cannot.
#include "data/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <minizip/unzip.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMembers = 10'000'000;
constexpr std::size_t kBlock = 1 << 16;

struct CloseArchive {
    void operator()(::archive* reader) const { archive_read_free(reader); }
};
using TarReader = std::unique_ptr<::archive, CloseArchive>;

class Descriptor {
public:
    explicit Descriptor(const std::string& path)
        : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (value_ < 0) core::fail(ErrorCode::io, path, ": cannot open: ", std::strerror(errno));
    }
    ~Descriptor() { ::close(value_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int value() const { return value_; }

private:
    int value_;
};

class Tar : public Archive {
public:
    explicit Tar(const std::string& path) : Archive(path) {
        const Descriptor file(path);
        const TarReader reader = open_at(file, 0);
        archive_entry* entry = nullptr;
        for (;;) {
            const int status = archive_read_next_header(reader.get(), &entry);
            if (status == ARCHIVE_EOF) break;
            if (status < ARCHIVE_WARN) fail(archive_error_string(reader.get()));
            if (archive_entry_filetype(entry) != AE_IFREG) continue;
            const char* name = archive_entry_pathname_utf8(entry);
            if (name == nullptr) name = archive_entry_pathname(entry);
            if (name == nullptr) continue;
            add(name, {static_cast<std::uint64_t>(archive_read_header_position(reader.get())), 0,
                       archive_entry_size(entry)});
        }
    }

private:
    TarReader open_at(const Descriptor& file, std::uint64_t position) const {
        TarReader reader(archive_read_new());
        if (!reader) throw std::bad_alloc();
        archive_read_support_format_tar(reader.get());
        if (::lseek(file.value(), static_cast<off_t>(position), SEEK_SET) < 0 ||
            archive_read_open_fd(reader.get(), file.value(), kBlock) != ARCHIVE_OK)
            fail(archive_error_string(reader.get()));
        return reader;
    }

    std::vector<std::uint8_t> read_member(const Member& member) const override {
        const Descriptor file(path());
        const TarReader reader = open_at(file, member.position);
        archive_entry* entry = nullptr;
        if (archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN)
            fail(archive_error_string(reader.get()));
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(member.size));
        std::size_t done = 0;
        while (done < bytes.size()) {
            const la_ssize_t got =
                archive_read_data(reader.get(), bytes.data() + done, bytes.size() - done);
            if (got <= 0) fail("a member is truncated");
            done += static_cast<std::size_t>(got);
        }
        return bytes;
    }
};

struct CloseZip {
    void operator()(void* zip) const { unzClose(zip); }
};
using ZipReader = std::unique_ptr<void, CloseZip>;

class Zip : public Archive {
public:
    explicit Zip(const std::string& path) : Archive(path) {
        const ZipReader zip = open_zip();
        char name[1 << 16];
        for (int status = unzGoToFirstFile(zip.get()); status == UNZ_OK;
             status = unzGoToNextFile(zip.get())) {
            unz_file_info64 info;
            unz64_file_pos position;
            if (unzGetCurrentFileInfo64(zip.get(), &info, name, sizeof name - 1, nullptr, 0,
                                        nullptr, 0) != UNZ_OK ||
                unzGetFilePos64(zip.get(), &position) != UNZ_OK)
                fail("its directory is damaged");
            name[std::min<std::size_t>(info.size_filename, sizeof name - 1)] = '\0';
            if (const std::size_t size = std::strlen(name); size == 0 || name[size - 1] == '/')
                continue;
            add(name, {position.pos_in_zip_directory, position.num_of_file,
                       static_cast<std::int64_t>(
                           std::min<std::uint64_t>(info.uncompressed_size, INT64_MAX))});
        }
    }

private:
    ZipReader open_zip() const {
        ZipReader zip(unzOpen64(path().c_str()));
        if (!zip) fail("no zip archive, or a damaged one");
        return zip;
    }

    std::vector<std::uint8_t> read_member(const Member& member) const override {
        const ZipReader zip = open_zip();
        unz64_file_pos position{member.position, member.number};
        if (unzGoToFilePos64(zip.get(), &position) != UNZ_OK ||
            unzOpenCurrentFile(zip.get()) != UNZ_OK)
            fail("a member cannot be read: encrypted, or packed in another way than by deflate?");
        std::vector<std::uint8_t> bytes;
        const auto size = static_cast<std::size_t>(member.size);
        while (bytes.size() < size) {
            const std::size_t done = bytes.size();
            bytes.resize(std::min(size, done + (std::size_t{1} << 20)));
            const int got = unzReadCurrentFile(zip.get(), bytes.data() + done,
                                               static_cast<unsigned>(bytes.size() - done));
            if (got <= 0) fail("a member is truncated or damaged");
            bytes.resize(done + static_cast<std::size_t>(got));
        }
        if (unzCloseCurrentFile(zip.get()) != UNZ_OK) fail("a member is damaged");
        return bytes;
    }
};

std::string lower_name(const std::string& path) {
    std::string name = fs::path(path).filename().string();
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return name;
}

/// The names of archives that are used, by path; each is forgotten with its last user.
class Opened {
public:
    std::shared_ptr<const Archive> get(const std::string& path) {
        const std::lock_guard lock(mutex_);
        std::weak_ptr<const Archive>& known = archives_[path];
        std::shared_ptr<const Archive> archive = known.lock();
        if (!archive) {
            archive = Archive::open(path);
            known = archive;
            // The data sets of a command are few, and used until its end.
            kept_.push_back(archive);
        }
        return archive;
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<const Archive>> archives_;
    std::vector<std::shared_ptr<const Archive>> kept_;
};

std::string inner_folder(const InArchive& place) {
    return place.inner.empty() || place.inner.ends_with('/') ? place.inner : place.inner + "/";
}

}  // namespace

std::shared_ptr<const Archive> Archive::open(const std::string& path) {
    const std::string name = lower_name(path);
    for (const std::string_view end : {".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"})
        if (name.ends_with(end))
            core::fail(ErrorCode::unsupported, path,
                       ": the members of a compressed tar archive cannot be reached one by one: "
                       "unpack it, or pack it as .tar or .zip");
    if (name.ends_with(".zip")) return std::make_shared<Zip>(path);
    return std::make_shared<Tar>(path);
}

std::vector<std::string> Archive::names() const {
    std::vector<std::string> names;
    names.reserve(members_.size());
    for (const auto& [name, member] : members_) names.push_back(name);
    return names;
}

std::vector<std::uint8_t> Archive::read(const std::string& name, std::int64_t max_bytes) const {
    const auto found = members_.find(name);
    if (found == members_.end())
        core::fail(ErrorCode::io, path_, "/", name, ": there is no such member");
    if (found->second.size > max_bytes)
        core::fail(ErrorCode::too_large, path_, "/", name, ": has ", found->second.size,
                   " bytes, the limit is ", max_bytes);
    return read_member(found->second);
}

void Archive::add(std::string name, const Member& member) {
    if (member.size < 0) fail("a member has no size");
    while (name.starts_with("./")) name.erase(0, 2);
    if (members_.size() == kMostMembers)
        core::fail(ErrorCode::too_large, path_, ": has more than ", kMostMembers, " members");
    members_.insert_or_assign(std::move(name), member);
}

void Archive::fail(std::string_view what) const {
    core::fail(ErrorCode::malformed, path_, ": not a valid archive: ", what);
}

bool is_named_as_archive(const std::string& path) {
    const std::string name = lower_name(path);
    constexpr std::string_view kEnds[] = {".zip",    ".tar",     ".tar.gz", ".tgz",
                                          ".tar.xz", ".tar.bz2", ".tar.zst"};
    return std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); });
}

std::optional<InArchive> in_archive(const std::string& path) {
    static Opened opened;
    std::error_code ignored;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string outer = path.substr(0, end);
        if (!is_named_as_archive(outer)) continue;
        if (!fs::is_regular_file(outer, ignored)) continue;
        static const bool is_set = [] {
            core::set_file_source(
                [](const std::string& name,
                   std::int64_t max_bytes) -> std::optional<std::vector<std::uint8_t>> {
                    const std::optional<InArchive> place = in_archive(name);
                    if (!place) return std::nullopt;
                    return place->archive->read(place->inner, max_bytes);
                });
            return true;
        }();
        (void)is_set;
        return InArchive{opened.get(outer), end == std::string::npos ? "" : path.substr(end + 1)};
    }
    return std::nullopt;
}

bool is_file(const std::string& path) {
    std::error_code ignored;
    if (const auto place = in_archive(path); place && !place->inner.empty())
        return place->archive->has(place->inner);
    return fs::is_regular_file(path, ignored);
}

bool is_folder(const std::string& path) {
    std::error_code ignored;
    const auto place = in_archive(path);
    if (!place) return fs::is_directory(path, ignored);
    if (place->inner.empty()) return true;
    const std::vector<std::string> names = place->archive->names();
    const std::string folder = inner_folder(*place);
    const auto first = std::ranges::lower_bound(names, folder);
    return first != names.end() && first->starts_with(folder);
}

std::vector<std::string> files_in(const std::string& folder) {
    std::vector<std::string> files;
    const auto is_hidden = [](const std::string& path) {
        return fs::path(path).filename().string().starts_with('.');
    };
    if (const auto place = in_archive(folder)) {
        const std::string inner = inner_folder(*place);
        for (const std::string& name : place->archive->names())
            if (name.starts_with(inner) && !is_hidden(name) && !name.starts_with("__MACOSX/"))
                files.push_back(place->archive->path() + "/" + name);
        return files;
    }
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string path = at->path().string();
        std::error_code ignored;
        if (!is_hidden(path) && at->is_regular_file(ignored)) files.push_back(path);
    }
    if (error) core::fail(ErrorCode::io, folder, ": cannot read: ", error.message());
    std::ranges::sort(files);
    return files;
}

formats::Input input_of(const std::string& path) {
    const auto place = in_archive(path);
    if (!place || place->inner.empty()) return path;
    constexpr std::int64_t kMostBytes = 4'000'000'000;
    return {path,
            std::make_shared<const std::vector<std::uint8_t>>(
                place->archive->read(place->inner, kMostBytes)),
            [](const std::string& other) { return input_of(other); }};
}

}  // namespace dbnet::data
