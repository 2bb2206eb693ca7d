#include "data/listing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/error.hpp"
#include "data/archive.hpp"
#include "data/image_finder.hpp"
#include "formats/sample.hpp"
#include "image/file_name.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;
using formats::Format;
using formats::LabelFiles;

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kMostSamples = 30;
/// Files that tools put beside labels.
constexpr std::string_view kNoLabels[] = {"classes.txt", "obj.names",  "fileState.txt",
                                          "readme.txt",  "README.txt", "README.md"};

std::vector<std::string> images_in(const std::string& folder) {
    std::vector<std::string> images = files_in(folder);
    std::erase_if(images, [](const std::string& path) { return !image::is_named_as_image(path); });
    return images;
}

/// The path with the last of its parts that is, or ends, as `from` renamed to `to`; empty without.
fs::path with_folder(const std::string& images, std::string_view from, std::string_view to,
                     bool whole_parts) {
    fs::path folder = fs::path(images).lexically_normal();
    if (folder.filename().empty()) folder = folder.parent_path();
    std::vector<std::string> parts;
    for (const fs::path& part : folder) parts.push_back(part.string());
    for (std::size_t i = parts.size(); i-- > 0;) {
        const std::size_t at = parts[i].rfind(from);
        const bool fits = whole_parts ? parts[i] == from : at != std::string::npos;
        if (fits) {
            parts[i].replace(at, from.size(), to);
            fs::path result;
            for (const std::string& part : parts) result /= part;
            return result;
        }
        if (!whole_parts) break;
    }
    return {};
}

fs::path gts_folder(const std::string& images) {
    return with_folder(images, "images", "gts", false);
}
fs::path labels_folder(const std::string& images) {
    return with_folder(images, "images", "labels", true);
}

fs::path label_folder(const DatasetSpec& spec, const Format& format) {
    if (!spec.labels.empty()) return spec.labels;
    fs::path folder = fs::path(spec.images).lexically_normal();
    if (folder.filename().empty()) folder = folder.parent_path();
    if (format.labels.folder == LabelFiles::Folder::beside || in_archive(spec.images))
        return folder;
    if (format.labels.folder == LabelFiles::Folder::labels) {
        const fs::path labels = labels_folder(spec.images);
        return labels.empty() ? folder : labels;
    }
    const fs::path gts = gts_folder(spec.images);
    if (gts.empty())
        core::fail(ErrorCode::invalid_argument, spec.images,
                   ": say where the labels are: they are looked for in the folder of the same name "
                   "with \"gts\" for \"images\", and this name has no \"images\"");
    return gts;
}

/// The number that a name consists of, without zeros before it; empty for other names.
std::string number_of(const std::string& name) {
    if (name.empty() || name.find_first_not_of(kDigits) != std::string::npos) return {};
    const std::size_t first = name.find_first_not_of('0');
    return first == std::string::npos ? "0" : name.substr(first);
}

bool is_no_label(const std::string& path) {
    return std::ranges::find(kNoLabels, fs::path(path).filename().string()) != std::end(kNoLabels);
}

/// The label files of a format with one for each image.
class LabelIndex {
public:
    LabelIndex(const std::string& images, fs::path folder, const Format& format)
        : images_(fs::path(images).lexically_normal()),
          folder_(std::move(folder)),
          format_(format) {
        for (std::string& path : files_in(folder_.string())) {
            const std::string normal = fs::path(path).lexically_normal().string();
            if (!has_extension(normal) || is_no_label(normal)) continue;
            const std::string number = number_of(fs::path(normal).stem().string());
            if (!number.empty()) by_number_.emplace(number, normal);
            files_.insert(normal);
        }
    }

    /// Empty if there are none.
    std::string labels_of(const std::string& image) const {
        const fs::path path = fs::path(image).lexically_normal();
        const fs::path below = path.parent_path().lexically_relative(images_);
        for (const fs::path& folder : {below == "." ? folder_ : folder_ / below, folder_})
            for (const std::string_view prefix : format_.labels.prefixes)
                for (const std::string_view extension : format_.labels.extensions) {
                    if (extension.empty()) continue;
                    for (const fs::path& name : {path.stem(), path.filename()}) {
                        const std::string file = core_name(prefix, name.string(), extension);
                        const auto found = files_.find((folder / file).lexically_normal().string());
                        if (found != files_.end()) return *found;
                    }
                }
        const std::string number = number_of(path.stem().string());
        const auto found = number.empty() ? by_number_.end() : by_number_.find(number);
        return found == by_number_.end() ? std::string() : found->second;
    }

    /// Label files that belong to none of the images, by their names.
    std::vector<std::string> without(
        const std::unordered_map<std::string, std::string>& used) const {
        std::vector<std::string> unused;
        for (const std::string& file : files_)
            if (!used.contains(file) && is_named_as_label(file)) unused.push_back(file);
        std::ranges::sort(unused);
        return unused;
    }

private:
    static std::string core_name(std::string_view prefix, const std::string& name,
                                 std::string_view extension) {
        return std::string(prefix).append(name).append(extension);
    }

    bool has_extension(const std::string& path) const {
        return std::ranges::any_of(format_.labels.extensions, [&](std::string_view extension) {
            return !extension.empty() && path.ends_with(extension);
        });
    }

    /// Other files may lie there: where a prefix is usual, only names with it are missed.
    bool is_named_as_label(const std::string& path) const {
        const std::string_view prefix = format_.labels.prefixes[0];
        return fs::path(path).filename().string().starts_with(prefix);
    }

    fs::path images_;
    fs::path folder_;
    const Format& format_;
    std::unordered_set<std::string> files_;
    std::unordered_map<std::string, std::string> by_number_;
};

/// Formats with a label file for each image.
Listing list_separate(const DatasetSpec& spec, const Format& format) {
    const fs::path folder = label_folder(spec, format);
    if (!is_folder(folder.string()))
        core::fail(ErrorCode::io, folder.string(), ": no such folder of labels (of the images in ",
                   spec.images, ")");
    const LabelIndex index(spec.images, folder, format);
    Listing listing;
    std::unordered_map<std::string, std::string> used;
    std::set<std::string> stems;
    for (const std::string& image : images_in(spec.images)) {
        const std::string labels = index.labels_of(image);
        const bool shared = !labels.empty() ? !used.emplace(labels, image).second
                                            : !stems.insert(fs::path(image).stem().string()).second;
        if (shared && !labels.empty())
            listing.problems.push_back(image + ": another image has the same labels");
        else if (!labels.empty() || spec.unlabelled == Unlabelled::negative)
            listing.images.push_back({image, labels});
        else
            listing.problems.push_back(
                image + ": has no labels, expected " +
                (folder / format.label_name(fs::path(image).stem().string())).string());
    }
    listing.unused = index.without(used);
    return listing;
}

/// The label file for all images.
std::string label_file(const DatasetSpec& spec, const Format& format) {
    const std::string usual(format.labels.usual);
    if (!spec.labels.empty() && !is_folder(spec.labels)) return spec.labels;
    const std::string folder = spec.labels.empty() ? spec.images : spec.labels;
    if (!usual.empty() && (spec.labels.empty() || is_file((fs::path(folder) / usual).string())))
        return (fs::path(folder) / usual).string();
    if (spec.labels.empty())
        core::fail(ErrorCode::invalid_argument, spec.images,
                   ": say where the labels are: the format ", format.name,
                   " has one file for all images");
    core::fail(ErrorCode::invalid_argument, spec.labels, ": is a folder, and the format ",
               format.name, " has one file for all images");
}

/// Formats with one label file, which says what the images are.
class CommonListing {
public:
    CommonListing(const DatasetSpec& spec, const Format& format)
        : spec_(spec), format_(format), file_(label_file(spec, format)), finder_(spec.images) {}

    Listing run() {
        const formats::RecordSink sink(
            [&](formats::Record&& record) { add(std::move(record)); },
            [&](const Error& error) { listing_.add_unusable(error.what()); },
            [&](std::string_view what) { ++listing_.ignored[std::string(what)]; });
        if (spec_.strict)
            format_.read(input_of(file_),
                         [&](formats::Record&& record) { add(std::move(record)); });
        else
            format_.read(input_of(file_), sink);
        std::ranges::sort(listing_.images, {}, &LabelledImage::image);
        list_unused();
        return std::move(listing_);
    }

private:
    void add(formats::Record&& record) {
        std::optional<std::string> image = finder_.find(record.image);
        for (const std::string& alias : record.aliases)
            if (!image) image = finder_.find(alias);
        const auto place = [&] {
            return record.line == 0 ? file_ : core::concat(file_, ":", record.line);
        };
        if (!image)
            listing_.add_unusable(place() + ": names " + record.image + ", which is not in " +
                                  spec_.images);
        else if (!seen_.insert(*image).second)
            listing_.add_unusable(place() + ": names " + record.image + " twice");
        else
            listing_.images.push_back({.image = std::move(*image),
                                       .labels = file_,
                                       .regions = formats::PackedRegions(record.regions),
                                       .annotated = {record.width, record.height},
                                       .line = record.line,
                                       .relative = record.relative});
    }

    void list_unused() {
        for (const std::string& image : images_in(spec_.images)) {
            const std::string normal = fs::path(image).lexically_normal().string();
            if (!seen_.contains(normal)) listing_.unused.push_back(image);
        }
    }

    const DatasetSpec& spec_;
    const Format& format_;
    const std::string file_;
    ImageFinder finder_;
    std::unordered_set<std::string> seen_;
    Listing listing_;
};

Listing list_without_labels(const DatasetSpec& spec) {
    Listing listing;
    for (const std::string& image : images_in(spec.images)) listing.images.push_back({image, ""});
    return listing;
}

Listing list_made(const DatasetSpec& spec) {
    Listing listing;
    const std::uint64_t count = spec.source->count();
    if (count == 0 || count > PictureSource::kMostPictures)
        core::fail(ErrorCode::invalid_argument, spec.images, ": ", count,
                   " pictures are to be made, expected 1 to ", PictureSource::kMostPictures);
    listing.images.reserve(count);
    for (std::uint64_t number = 0; number < count; ++number) {
        LabelledImage& image = listing.images.emplace_back();
        image.image = core::concat(spec.images, ":", number);
        image.number = number;
    }
    return listing;
}

/// The archives of a folder that holds no images: the shards of a data set.
std::vector<std::string> shards_in(const std::string& folder) {
    if (in_archive(folder) || !is_folder(folder)) return {};
    std::vector<std::string> shards;
    for (std::string& file : files_in(folder)) {
        if (image::is_named_as_image(file)) return {};
        if (is_named_as_archive(file)) shards.push_back(std::move(file));
    }
    return shards;
}

bool has_images(const std::string& folder) { return !images_in(folder).empty(); }

void refuse_swapped_folders(const DatasetSpec& spec) {
    if (!is_folder(spec.labels) || !is_folder(spec.images)) return;
    if (!has_images(spec.images) && has_images(spec.labels))
        core::fail(ErrorCode::invalid_argument, spec.images, ": has no images, but ", spec.labels,
                   ", which is said to have the labels, has: are the two swapped?");
}

Listing list_folder(const DatasetSpec& spec) {
    if (!spec.labels.empty()) refuse_swapped_folders(spec);
    if (is_without_labels(spec.format)) return list_without_labels(spec);
    const Format& format = format_of(spec);
    return format.has_common_labels() ? CommonListing(spec, format).run()
                                      : list_separate(spec, format);
}

void append(Listing& listing, Listing&& other) {
    const auto move = [](auto& to, auto& from) {
        to.insert(to.end(), std::make_move_iterator(from.begin()),
                  std::make_move_iterator(from.end()));
    };
    move(listing.images, other.images);
    move(listing.problems, other.problems);
    move(listing.unusable, other.unusable);
    move(listing.unused, other.unused);
    listing.more_unusable += other.more_unusable;
    for (const auto& [what, count] : other.ignored) listing.ignored[what] += count;
}

/// What is known about the labels of a folder of images: their format and where they are.
class Recognition {
public:
    explicit Recognition(const DatasetSpec& spec) : spec_(spec) {}

    /// True if the specification is complete now.
    bool run() {
        for (const std::string& image : images_in(spec_.images)) {
            stems_.insert(fs::path(image).stem().string());
            const std::string number = number_of(fs::path(image).stem().string());
            if (!number.empty()) stems_.insert(number);
        }
        if (!spec_.labels.empty() && !is_folder(spec_.labels))
            return take(formats::recognise({input_of(spec_.labels)}), spec_.labels);
        if (!spec_.labels.empty()) return look_in(spec_.labels);
        for (const fs::path& folder :
             {gts_folder(spec_.images), labels_folder(spec_.images), fs::path(spec_.images)})
            if (!folder.empty() && is_folder(folder.string()) && look_in(folder.string()))
                return true;
        return false;
    }

    const Format* format = nullptr;
    std::string labels;
    std::string why;

private:
    /// Whether the file's name is made from that of an image.
    bool is_of_image(const std::string& path) const {
        std::string name = fs::path(path).stem().string();
        for (const std::string_view prefix : {"", "gt_", "poly_gt_", "res_"}) {
            if (!name.starts_with(prefix)) continue;
            const std::string rest = name.substr(prefix.size());
            if (stems_.contains(rest) || stems_.contains(fs::path(rest).stem().string()) ||
                stems_.contains(number_of(rest)))
                return true;
        }
        return false;
    }

    static bool is_label_file(const std::string& path) {
        constexpr std::string_view kExtensions[] = {".txt", ".json", ".jsonl", ".xml",
                                                    ".mat", ".csv",  ".gt"};
        const std::string extension = fs::path(path).extension().string();
        return std::ranges::find(kExtensions, extension) != std::end(kExtensions) &&
               !is_no_label(path);
    }

    bool look_in(const std::string& folder) {
        std::map<std::string, std::vector<std::string>> of_images;
        std::vector<std::string> others;
        for (const std::string& file : files_in(folder)) {
            if (!is_label_file(file)) continue;
            if (is_of_image(file))
                of_images[fs::path(file).extension().string()].push_back(file);
            else
                others.push_back(file);
        }
        std::vector<std::string> most;
        for (auto& [extension, files] : of_images)
            if (files.size() > most.size()) most = std::move(files);
        if (!most.empty() && take(formats::recognise(inputs(most)), folder)) return true;
        others.resize(std::min(others.size(), kMostSamples));
        for (const std::string& file : others)
            if (const formats::Recognised found = formats::recognise({input_of(file)});
                found.format != nullptr && found.format->has_common_labels())
                return take(found, file);
        return !others.empty() && take(formats::recognise(inputs(others)), folder);
    }

    /// Some of them, from all over the folder.
    static std::vector<formats::Input> inputs(const std::vector<std::string>& files) {
        std::vector<formats::Input> result;
        const std::size_t step = std::max<std::size_t>(files.size() / kMostSamples, 1);
        for (std::size_t i = 0; i < files.size() && result.size() < kMostSamples; i += step)
            result.push_back(input_of(files[i]));
        return result;
    }

    bool take(const formats::Recognised& found, const std::string& place) {
        if (found.format == nullptr) return false;
        format = found.format;
        labels = place;
        why = found.why;
        return true;
    }

    const DatasetSpec& spec_;
    std::unordered_set<std::string> stems_;
};

}  // namespace

void Listing::add_unusable(std::string what) {
    constexpr std::size_t kMost = 10'000;
    if (unusable.size() < kMost)
        unusable.push_back(std::move(what));
    else
        ++more_unusable;
}

const Format& format_of(const DatasetSpec& spec) {
    const Format* format = formats::find(spec.format);
    if (format != nullptr && format->read != nullptr) return *format;
    std::string known;
    for (const Format* other : formats::all())
        if (other->read != nullptr) known.append(known.empty() ? "" : ", ").append(other->name);
    core::fail(ErrorCode::invalid_argument, "the data set ", spec.images, " has the format '",
               spec.format, "', expected one of: ", known, ", ", kNoText, ", ", kUnlabelled);
}

Listing list_files(const DatasetSpec& spec) {
    if (spec.source != nullptr) return list_made(spec);
    const std::vector<std::string> shards = shards_in(spec.images);
    if (shards.empty()) return list_folder(spec);
    Listing listing;
    for (const std::string& shard : shards) {
        DatasetSpec part = spec;
        part.images = shard;
        append(listing, list_folder(part));
    }
    return listing;
}

DatasetSpec recognised(DatasetSpec spec, const std::function<void(const std::string& what)>& say) {
    if (!spec.format.empty() || spec.source != nullptr) return spec;
    if (!spec.labels.empty()) refuse_swapped_folders(spec);
    DatasetSpec example = spec;
    if (const std::vector<std::string> shards = shards_in(spec.images); !shards.empty())
        example.images = shards.front();
    Recognition found(example);
    if (!found.run())
        core::fail(ErrorCode::malformed, spec.labels.empty() ? spec.images : spec.labels,
                   spec.labels.empty()
                       ? ": no labels were found here, nor in the folder named with \"gts\" or "
                         "\"labels\" for \"images\": say where they are"
                       : ": the labels are of no format that can be recognised: say which it is");
    spec.format = found.format->name;
    if (spec.labels.empty() && example.images == spec.images &&
        fs::path(found.labels).lexically_normal() != fs::path(spec.images).lexically_normal())
        spec.labels = found.labels;
    if (say)
        say(core::concat(spec.images, ": labels of the format ", spec.format, " in ", found.labels,
                         " (", found.why, ")"));
    return spec;
}

std::string usual_labels(const std::string& format, const std::string& image) {
    const fs::path path(image);
    DatasetSpec spec;
    spec.format = format;
    spec.images = path.parent_path().string();
    const Format& row = format_of(spec);
    if (row.has_common_labels()) return row.labels.usual.empty() ? "" : label_file(spec, row);
    return (label_folder(spec, row) / row.label_name(path.stem().string())).string();
}

}  // namespace dbnet::data
