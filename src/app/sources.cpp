#include "app/sources.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "image/codec.hpp"
#include "image/file_name.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

/// A path below the output folder: without its root and without "..".
std::string contained(const std::string& path) {
    fs::path result;
    for (const fs::path& part : fs::path(path).lexically_normal().relative_path())
        if (part != "..") result /= part;
    return result.string();
}

/// Whether this is an encoded image rather than a list, whose first name may begin like one ("BM").
bool is_image(std::string_view content) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(content.data());
    if (image::codec_of({bytes, content.size()}) == nullptr) return false;
    const std::string_view first =
        content.substr(0, content.find_first_of(std::string_view("\0\r\n", 3)));
    std::error_code ignored;
    return !fs::exists(first, ignored);
}

bool is_named_as_pdf(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".pdf" || extension == ".PDF";
}

/// A list of lines may have a stray zero byte; in one with zeros as separators every name ends so.
bool is_separated_by_zeros(std::string_view list) {
    return list.ends_with('\0') ||
           (list.find('\0') != std::string_view::npos && list.find('\n') == std::string_view::npos);
}

class Finder {
public:
    Finder(bool recursive, std::istream& standard_input)
        : recursive_(recursive), standard_input_(standard_input) {}

    void add(const std::string& source) {
        std::error_code ignored;
        if (source == "-")
            add_standard_input();
        else if (fs::is_directory(source, ignored))
            add_folder(source, source);
        else if (!fs::exists(source, ignored) && source.find_first_of("*?[") != std::string::npos)
            add_pattern(source);
        else
            add_file(source, fs::path(source).filename().string());
    }

    Sources take() { return std::move(found_); }

private:
    void add_file(const std::string& path, const std::string& relative) {
        found_.inputs.push_back({path, relative});
    }

    void add_standard_input() {
        const std::string content(std::istreambuf_iterator<char>(standard_input_), {});
        if (content.starts_with("%PDF-"))
            found_.refused.push_back("standard input: a PDF, which needs to be a file");
        else if (is_image(content))
            found_.inputs.push_back(
                {"stdin", "stdin",
                 std::make_shared<std::vector<std::uint8_t>>(content.begin(), content.end())});
        else
            add_list(content);
    }

    void add_list(std::string_view list) {
        if (list.starts_with("\xff\xfe") || list.starts_with("\xfe\xff")) {
            found_.refused.push_back("standard input: a list in UTF-16, expected UTF-8");
            return;
        }
        if (list.starts_with("\xef\xbb\xbf")) list.remove_prefix(3);
        const char separator = is_separated_by_zeros(list) ? '\0' : '\n';
        for (std::size_t line = 1; !list.empty(); ++line) {
            std::string name(list.substr(0, list.find(separator)));
            list.remove_prefix(std::min(name.size() + 1, list.size()));
            if (separator == '\n' && name.ends_with('\r')) name.pop_back();
            if (name.find('\0') != std::string::npos)
                found_.refused.push_back("standard input:" + std::to_string(line) +
                                         ": a name with a zero byte in it");
            else if (!name.empty())
                add_file(name, contained(name));
        }
    }

    /// `base`: what the results' paths are relative to.
    void add_folder(const std::string& folder, const fs::path& base) {
        const std::size_t before = found_.inputs.size() + found_.refused.size();
        visited_.clear();
        scan(folder, base);
        if (found_.inputs.size() + found_.refused.size() == before)
            found_.refused.push_back(folder + ": no images in this folder" +
                                     (recursive_ ? "" : " (--recursive looks below it, too)"));
    }

    void scan(const fs::path& folder, const fs::path& base) {
        struct stat info {};
        if (::stat(folder.c_str(), &info) == 0 &&
            !visited_.emplace(info.st_dev, info.st_ino).second)
            return;
        std::error_code error;
        std::vector<fs::path> entries;
        for (fs::directory_iterator at(folder, error), end; !error && at != end;
             at.increment(error))
            entries.push_back(at->path());
        if (error) found_.refused.push_back(folder.string() + ": cannot read: " + error.message());
        std::ranges::sort(entries);
        for (const fs::path& entry : entries) add_entry(entry, base);
    }

    void add_entry(const fs::path& entry, const fs::path& base) {
        if (entry.filename().string().starts_with('.')) return;  // hidden
        std::error_code ignored;
        const fs::file_type type = fs::status(entry, ignored).type();
        if (type == fs::file_type::directory) {
            if (recursive_) scan(entry, base);
            return;
        }
        // A link to nowhere and a file that may not be looked at are refused later, by name; pipes
        // and devices are no images.
        const bool is_file = type == fs::file_type::regular || type == fs::file_type::not_found ||
                             type == fs::file_type::none;
        if (is_file && (image::is_named_as_image(entry.string()) || is_named_as_pdf(entry)))
            add_file(entry.string(), entry.lexically_relative(base).string());
    }

    void add_pattern(const std::string& pattern) {
        const std::string fixed = pattern.substr(0, pattern.find_first_of("*?["));
        const fs::path base = fs::path(fixed).parent_path();
        glob_t matches{};
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
        if (::glob(pattern.c_str(), 0, nullptr, &matches) != 0)
            found_.refused.push_back(pattern + ": matches no file");
        for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
            const std::string path = matches.gl_pathv[i];
            std::error_code ignored;
            if (fs::is_directory(path, ignored))
                add_folder(path, base);
            else
                add_file(path, base.empty() ? contained(path)
                                            : fs::path(path).lexically_relative(base).string());
        }
        ::globfree(&matches);
    }

    bool recursive_;
    std::istream& standard_input_;
    Sources found_;
    std::set<std::pair<dev_t, ino_t>> visited_;  ///< folders, of one source
};

}  // namespace

Sources find_images(const std::vector<std::string>& sources, bool recursive,
                    std::istream& standard_input) {
    Finder finder(recursive, standard_input);
    for (const std::string& source : sources) finder.add(source);
    return finder.take();
}

}  // namespace dbnet::app
