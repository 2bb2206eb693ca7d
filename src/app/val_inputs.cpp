// Result files of others: folders, and zip archives as the ICDAR web site takes them.
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/val.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/formats.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxArchiveBytes = 1'000'000'000;  // unpacked

class TemporaryFolder {
public:
    TemporaryFolder() : path_((fs::temp_directory_path() / "dbnet-XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr)
            core::fail(ErrorCode::io, path_, ": cannot make a temporary folder");
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

[[noreturn]] void fail_archive(const std::string& path, archive* reader) {
    const char* reason = archive_error_string(reader);
    core::fail(ErrorCode::malformed, path, ": ", reason == nullptr ? "not a zip file" : reason);
}

/// The content of the current entry; `budget` bytes at most, which are taken from it.
std::string read_entry(const std::string& path, archive* reader, std::size_t& budget) {
    std::string content;
    char block[65536];
    while (const la_ssize_t size = archive_read_data(reader, block, sizeof block)) {
        if (size < 0) fail_archive(path, reader);
        if (static_cast<std::size_t>(size) > budget)
            core::fail(ErrorCode::too_large, path, ": more than 1 GB unpacked");
        budget -= static_cast<std::size_t>(size);
        content.append(block, static_cast<std::size_t>(size));
    }
    return content;
}

/// Writes the files of an archive into one folder, without the folders that they are in. Two files
/// of one name are an error.
void unpack(const std::string& path, const std::string& folder) {
    const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
    archive_read_support_format_zip(reader.get());
    if (archive_read_open_filename(reader.get(), path.c_str(), 65536) != ARCHIVE_OK)
        fail_archive(path, reader.get());
    std::size_t budget = kMaxArchiveBytes;
    for (archive_entry* entry = nullptr;;) {
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) return;
        if (status < ARCHIVE_WARN) fail_archive(path, reader.get());
        const char* name = archive_entry_pathname(entry);
        if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG) continue;
        const std::string base = fs::path(name).filename().string();
        if (base.empty() || base == "." || base == "..") continue;
        const std::string file = folder + "/" + base;
        if (fs::exists(file))
            core::fail(ErrorCode::malformed, path, ": two files in it are called ", base);
        core::write_file(file, read_entry(path, reader.get(), budget));
    }
}

void add(Predictions& predictions, formats::Record record, const std::string& file) {
    const std::string stem = fs::path(record.image).stem().string();
    if (!predictions.emplace(stem, std::move(record)).second)
        core::fail(ErrorCode::malformed, file, ": a second result for ", stem);
}

/// The format of a result file by its name; null for other files.
const formats::Format* format_of(const fs::path& path) {
    const std::string name = path.filename().string();
    if (name.starts_with("res_") && name.ends_with(".txt")) return formats::find("icdar");
    if (name.ends_with(".jsonl")) return formats::find("jsonl");
    if (name.ends_with(".json")) return formats::find("json");
    return nullptr;
}

/// Adds what a result file says; other files are passed over.
void read_result(const std::string& file, Predictions& predictions) {
    const formats::Format* format = format_of(file);
    if (format == nullptr) return;
    format->read(file, [&](formats::Record&& record) {
        // An image's name may hold a dot, which the ICDAR reader has taken care of.
        if (format == formats::find("icdar")) record.image += ".txt";
        add(predictions, std::move(record), file);
    });
}

Predictions read_folder(const std::string& folder) {
    std::vector<std::string> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        files.push_back(entry.path().string());
    std::ranges::sort(files);  // so that of several errors the same one is named every time
    Predictions predictions;
    for (const std::string& file : files) read_result(file, predictions);
    return predictions;
}

/// Messages name the file in the archive, not where it is unpacked for a moment.
Predictions read_archive(const std::string& path) {
    const TemporaryFolder folder;
    unpack(path, folder.path());
    try {
        return read_folder(folder.path());
    } catch (const Error& error) {
        std::string message = error.what();
        if (const std::size_t at = message.find(folder.path()); at != std::string::npos)
            message.replace(at, folder.path().size(), path);
        core::fail(error.code(), message);
    }
}

Predictions read_any(const std::string& path) {
    if (fs::is_directory(path)) return read_folder(path);
    if (!fs::exists(path)) core::fail(ErrorCode::io, path, ": there is no such file or folder");
    if (format_of(path) == nullptr) return read_archive(path);
    Predictions predictions;
    read_result(path, predictions);
    return predictions;
}

}  // namespace

Predictions read_predictions(const std::string& path) {
    Predictions predictions = read_any(path);
    if (predictions.empty())
        core::fail(ErrorCode::unsupported, path,
                   ": no results in it, expected res_*.txt, *.json or *.jsonl");
    return predictions;
}

Predictions read_predictions(const std::vector<std::string>& paths) {
    Predictions all;
    for (const std::string& path : paths)
        for (auto& [name, record] : read_predictions(path))
            if (!all.try_emplace(name, std::move(record)).second)
                core::fail(ErrorCode::invalid_argument, path, ": a second result for ", name);
    return all;
}

}  // namespace dbnet::app
