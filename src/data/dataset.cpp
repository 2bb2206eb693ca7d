// Which images a data set has, where their labels are, and which belong to a split (docs/data.md).
#include "data/dataset.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "image/file_name.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSmallestSide = 16;
constexpr int kLargestSide = 16384;

/// How a format names the labels of an image, and where it has them if nobody says so.
struct Convention {
    std::string_view format;
    std::string_view prefix;     ///< of the label file; the image's stem follows
    std::string_view extension;  ///< of the label file
    bool in_gts;                 ///< in the folder named as IMAGES with "images" replaced by "gts"
};

constexpr std::array<Convention, 4> kConventions{{{"icdar", "gt_", ".txt", true},
                                                  {"td500", "", ".gt", false},
                                                  {"labelme", "", ".json", false},
                                                  {"json", "", ".json", false}}};

/// Where PaddleOCR's labelling tool puts its file.
constexpr std::string_view kPaddleLabels = "Label.txt";

const formats::Format& format_of(const DatasetSpec& spec) {
    const formats::Format* format = formats::find(spec.format);
    if (format != nullptr && format->read != nullptr) return *format;
    std::string known;
    for (const formats::Format* other : formats::all())
        if (other->read != nullptr) known.append(known.empty() ? "" : ", ").append(other->name);
    core::fail(ErrorCode::invalid_argument, "the data set ", spec.images, " has the format '",
               spec.format, "', expected one of: ", known, ", ", kNoText);
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/// Paths of the files in a folder that `wanted` takes, sorted; hidden ones are left out.
template <typename Wanted>
std::vector<std::string> files_in(const std::string& folder, Wanted wanted) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string path = at->path().string();
        const bool hidden = at->path().filename().string().starts_with('.');
        if (!hidden && wanted(path) && is_file(at->path())) files.push_back(path);
    }
    if (error) core::fail(ErrorCode::io, folder, ": cannot read: ", error.message());
    std::ranges::sort(files);
    return files;
}

std::vector<std::string> images_in(const std::string& folder) {
    return files_in(folder, image::is_named_as_image);
}

bool is_label_file(const fs::path& path, const Convention& convention) {
    return path.extension() == convention.extension &&
           path.filename().string().starts_with(convention.prefix);
}

/// Stem of the image that a label file belongs to.
std::string image_stem(const fs::path& label_file, const Convention& convention) {
    return label_file.stem().string().substr(convention.prefix.size());
}

fs::path label_folder(const DatasetSpec& spec, const Convention& convention) {
    if (!spec.labels.empty()) return spec.labels;
    fs::path folder = fs::path(spec.images).lexically_normal();
    if (!convention.in_gts) return folder;
    if (folder.filename().empty()) folder = folder.parent_path();
    constexpr std::string_view kImages = "images";
    std::string name = folder.filename().string();
    const std::size_t at = name.rfind(kImages);
    if (at == std::string::npos)
        core::fail(ErrorCode::invalid_argument, spec.images,
                   ": say where the labels are: they are looked for in the folder of the same name "
                   "with \"gts\" for \"images\", and this name has no \"images\"");
    return folder.replace_filename(name.replace(at, kImages.size(), "gts"));
}

/// Formats with a label file for each image.
Listing list_separate(const DatasetSpec& spec, const Convention& convention) {
    const fs::path folder = label_folder(spec, convention);
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        core::fail(ErrorCode::io, folder.string(), ": no such folder of labels (of the images in ",
                   spec.images, ")");
    Listing listing;
    std::set<std::string> stems;
    for (const std::string& image : images_in(spec.images)) {
        const std::string stem = fs::path(image).stem().string();
        std::string name(convention.prefix);
        fs::path labels = folder / name.append(stem).append(convention.extension);
        const bool labelled = is_file(labels);
        if (!stems.insert(stem).second)
            listing.problems.push_back(image + ": another image has the same labels");
        else if (labelled || spec.unlabelled == Unlabelled::negative)
            listing.images.push_back({image, labelled ? labels.string() : ""});
        else
            listing.problems.push_back(image + ": has no labels, expected " + labels.string());
    }
    listing.unused = files_in(folder.string(), [&](const std::string& path) {
        return is_label_file(path, convention) && !stems.contains(image_stem(path, convention));
    });
    return listing;
}

/// The image that a label file names: by its path below the folder, or by its name alone.
std::optional<std::string> find_named(const std::string& folder, const std::string& named) {
    for (const fs::path& path : {fs::path(folder) / named, folder / fs::path(named).filename()})
        if (is_file(path)) return path.string();
    return std::nullopt;
}

std::string label_file(const DatasetSpec& spec) {
    if (!spec.labels.empty()) return spec.labels;
    if (spec.format == "paddle") return (fs::path(spec.images) / kPaddleLabels).string();
    core::fail(ErrorCode::invalid_argument, spec.images, ": say where the labels are: the format ",
               spec.format, " has one file for all images");
}

/// Formats with one label file, which says what the images are.
Listing list_common(const DatasetSpec& spec, const formats::Format& format) {
    const std::string file = label_file(spec);
    Listing listing;
    std::set<fs::path> seen;
    const auto add_record = [&](formats::Record&& record) {
        const std::string place = record.line == 0 ? file : core::concat(file, ":", record.line);
        const std::optional<std::string> image = find_named(spec.images, record.image);
        if (!image)
            listing.problems.push_back(place + ": names " + record.image + ", which is not in " +
                                       spec.images);
        else if (!seen.insert(fs::path(*image).lexically_normal()).second)
            listing.problems.push_back(place + ": names " + record.image + " twice");
        else
            listing.images.push_back({*image,
                                      file,
                                      std::move(record.regions),
                                      0,
                                      {record.width, record.height},
                                      record.line});
    };
    format.read(file, formats::RecordSink(add_record, [&](const Error& error) {
                    listing.problems.push_back(error.what());
                }));
    std::ranges::sort(listing.images, {}, &LabelledImage::image);
    listing.unused = files_in(spec.images, [&](const std::string& path) {
        return image::is_named_as_image(path) && !seen.contains(fs::path(path).lexically_normal());
    });
    return listing;
}

Listing list_made(const DatasetSpec& spec) {
    Listing listing;
    const std::uint64_t count = spec.source->count();
    if (count == 0 || count > PictureSource::kMostPictures)
        core::fail(ErrorCode::invalid_argument, spec.images, ": ", count,
                   " pictures are to be made, expected 1 to ", PictureSource::kMostPictures);
    listing.images.reserve(count);
    for (std::uint64_t number = 0; number < count; ++number)
        listing.images.push_back({core::concat(spec.images, ":", number), "", {}, number});
    return listing;
}

Listing list_without_text(const DatasetSpec& spec) {
    Listing listing;
    for (const std::string& image : images_in(spec.images)) listing.images.push_back({image, ""});
    return listing;
}

bool has_images(const std::string& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (image::is_named_as_image(at->path().string())) return true;
    return false;
}

void refuse_swapped_folders(const DatasetSpec& spec) {
    std::error_code ignored;
    if (!spec.labels.empty() && fs::exists(spec.images, ignored) && !has_images(spec.images) &&
        has_images(spec.labels))
        core::fail(ErrorCode::invalid_argument, spec.images, ": has no images, but ", spec.labels,
                   ", which is said to have the labels, has: are the two swapped?");
}

Listing list_read(const DatasetSpec& spec) {
    refuse_swapped_folders(spec);
    if (spec.format == kNoText) return list_without_text(spec);
    const formats::Format& format = format_of(spec);
    const auto* convention = std::ranges::find(kConventions, format.name, &Convention::format);
    return convention != kConventions.end() ? list_separate(spec, *convention)
                                            : list_common(spec, format);
}

void keep_split(std::vector<LabelledImage>& images, const DatasetSpec& spec) {
    if (spec.split == Split::all) return;
    std::vector<std::string> paths;
    for (const LabelledImage& image : images) paths.push_back(image.image);
    const std::vector<bool> held = spec.holdout.apply(paths);
    auto is_held = held.begin();
    std::erase_if(
        images, [&](const LabelledImage&) { return *is_held++ != (spec.split == Split::holdout); });
}

int parse_side(std::string_view text) {
    int side = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && side >= kSmallestSide && side <= kLargestSide ? side : 0;
}

}  // namespace

ResizeRule ResizeRule::parse(const std::string& text) {
    ResizeRule rule;
    if (text.empty()) return rule;
    const std::size_t cross = text.find('x');
    rule.height_ = parse_side(std::string_view(text).substr(0, cross));
    if (cross != std::string::npos)
        rule.width_ = parse_side(std::string_view(text).substr(cross + 1));
    if (rule.height_ == 0 || (cross != std::string::npos && rule.width_ == 0))
        core::fail(ErrorCode::invalid_argument, "resize is '", text,
                   "', expected HEIGHTxWIDTH or the shorter side, each from ", kSmallestSide,
                   " to ", kLargestSide);
    return rule;
}

std::string ResizeRule::to_string() const {
    if (height_ == 0) return {};
    return width_ == 0 ? core::concat(height_) : core::concat(height_, 'x', width_);
}

Size ResizeRule::apply(Size image) const {
    if (height_ == 0) return image;
    if (width_ != 0) return {width_, height_};
    const double scale = static_cast<double>(height_) / std::min(image.width, image.height);
    const auto scaled = [&](int side) {
        return static_cast<int>(std::clamp<double>(std::round(side * scale), 1, kLargestSide));
    };
    return {scaled(image.width), scaled(image.height)};
}

Listing list_images(const DatasetSpec& spec) {
    Listing listing = spec.source != nullptr ? list_made(spec) : list_read(spec);
    keep_split(listing.images, spec);
    return listing;
}

std::string name_of(const LabelledImage& image) { return fs::path(image.image).stem().string(); }

std::string usual_labels(const std::string& format, const std::string& image) {
    const fs::path path(image);
    DatasetSpec spec;
    spec.format = format;
    spec.images = path.parent_path().string();
    if (format == "paddle") return label_file(spec);
    const auto* convention = std::ranges::find(kConventions, format, &Convention::format);
    if (convention == kConventions.end()) return "";
    std::string name(convention->prefix);
    name.append(path.stem().string()).append(convention->extension);
    return (label_folder(spec, *convention) / name).string();
}

std::string_view name_of(Split split) {
    switch (split) {
        case Split::train: return "train";
        case Split::holdout: return "holdout";
        case Split::all: break;
    }
    return "all";
}

Dataset::Dataset(DatasetSpec spec) : spec_(std::move(spec)) {
    if (!(spec_.weight > 0) || spec_.weight > 1000)
        core::fail(ErrorCode::invalid_argument, "the data set ", spec_.images, " has the weight ",
                   spec_.weight, ", expected more than 0 and at most 1000");
    Listing listing = list_images(spec_);
    if (!listing.problems.empty())
        core::fail(ErrorCode::malformed, listing.problems.front(), " (", listing.problems.size(),
                   " such problems in this data set)");
    if (listing.images.empty())
        core::fail(ErrorCode::malformed, "the data set ", spec_.images,
                   ": no images in this split (", name_of(spec_.split), ")");
    images_ = std::move(listing.images);
}

void Dataset::keep_first(std::size_t count) {
    if (count < images_.size())
        images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(count), images_.end());
}

std::vector<formats::RecordRegion> read_labels(const DatasetSpec& spec,
                                               const LabelledImage& image) {
    return read_record(spec, image).regions;
}

formats::Record read_record(const DatasetSpec& spec, const LabelledImage& image,
                            const formats::RecordSink::TakeProblem& take_problem) {
    formats::Record result{image.image, image.annotated.width, image.annotated.height,
                           image.regions};
    result.line = image.line;
    if (image.labels.empty()) return result;
    const formats::Format& format = format_of(spec);
    if (format.one_file()) return result;
    const auto add = [&](formats::Record&& record) {
        result.width = record.width;
        result.height = record.height;
        result.regions.insert(result.regions.end(), std::make_move_iterator(record.regions.begin()),
                              std::make_move_iterator(record.regions.end()));
    };
    format.read(image.labels, formats::RecordSink(add, take_problem));
    return result;
}

Picture read_picture(const DatasetSpec& spec, const LabelledImage& image) {
    if (spec.source != nullptr) return spec.source->make(image.number);
    return {Image::read(image.image), read_labels(spec, image)};
}

}  // namespace dbnet::data
