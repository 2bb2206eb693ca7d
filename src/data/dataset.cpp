// A data set that can be used: its split, and what is read of an image (docs/data.md).
#include "data/dataset.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/log.hpp"
#include "data/archive.hpp"
#include "data/listing.hpp"
#include "image/encoded_image.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSmallestSide = 16;
constexpr int kLargestSide = 16384;

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
    Listing listing = list_files(spec);
    keep_split(listing.images, spec);
    return listing;
}

std::string name_of(const LabelledImage& image) { return fs::path(image.image).stem().string(); }

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
    spec_ = recognised(std::move(spec_),
                       [](const std::string& what) { core::log(core::LogLevel::info, what); });
    Listing listing = list_images(spec_);
    if (!listing.problems.empty())
        core::fail(ErrorCode::malformed, listing.problems.front(), " (", listing.problems.size(),
                   " such problems in this data set)");
    if (listing.images.empty() && !listing.unusable.empty())
        core::fail(ErrorCode::malformed, listing.unusable.front(), ": no image of it can be used");
    if (listing.images.empty())
        core::fail(ErrorCode::malformed, "the data set ", spec_.images,
                   ": no images in this split (", name_of(spec_.split), ")");
    report_unusable(listing);
    images_ = std::move(listing.images);
}

/// What cannot be used of a common label file costs itself, unless the user is strict.
void Dataset::report_unusable(const Listing& listing) const {
    constexpr std::size_t kReported = 5;
    const std::vector<std::string>& unusable = listing.unusable;
    const std::size_t count = unusable.size() + listing.more_unusable;
    if (count > 0 && spec_.strict)
        core::fail(ErrorCode::malformed, unusable.front(), " (", count,
                   " such problems in this data set)");
    for (std::size_t i = 0; i < std::min(unusable.size(), kReported); ++i)
        core::log(core::LogLevel::warning, unusable[i]);
    if (count > kReported)
        core::log(core::LogLevel::warning,
                  core::concat(spec_.images, ": ", count - kReported,
                               " more such problems: dbnet data check lists them"));
}

void Dataset::keep_first(std::size_t count) {
    if (count < images_.size())
        images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(count), images_.end());
}

std::vector<formats::RecordRegion> read_labels(const DatasetSpec& spec,
                                               const LabelledImage& image) {
    if (spec.strict) return read_record(spec, image).regions;
    std::size_t problems = 0;
    std::string first;
    std::vector<formats::RecordRegion> regions = read_record(spec, image, [&](const Error& error) {
                                                     if (problems++ == 0) first = error.what();
                                                 }).regions;
    if (problems > 1) first += core::concat(" (and ", problems - 1, " more problems in this file)");
    if (problems > 0) core::log(core::LogLevel::warning, first);
    return regions;
}

Size upright_size(const std::string& image) {
    const image::EncodedImage file(image);
    if (const auto header = file.reducible()) return {header->width, header->height};
    const Image decoded = file.decode();
    return {decoded.width(), decoded.height()};
}

formats::Record read_record(const DatasetSpec& spec, const LabelledImage& image,
                            const formats::RecordSink::TakeProblem& take_problem,
                            const formats::RecordSink::TakeIgnored& take_ignored) {
    formats::Record result{image.image, image.annotated.width, image.annotated.height};
    result.line = image.line;
    result.relative = image.relative;
    if (!image.regions.empty()) {
        result.regions = image.regions.unpack();
    } else if (!image.labels.empty()) {
        const formats::Format& format = format_of(spec);
        if (format.has_common_labels()) return result;
        const auto add = [&](formats::Record&& record) {
            result.width = record.width;
            result.height = record.height;
            result.relative = record.relative;
            result.regions.insert(result.regions.end(),
                                  std::make_move_iterator(record.regions.begin()),
                                  std::make_move_iterator(record.regions.end()));
        };
        format.read(input_of(image.labels), formats::RecordSink(add, take_problem, take_ignored));
    }
    if (!result.relative || result.regions.empty()) return result;
    const Size size = upright_size(image.image);
    for (formats::RecordRegion& region : result.regions)
        for (Point& point : region.polygon) point = {point.x * size.width, point.y * size.height};
    return result;
}

Picture read_picture(const DatasetSpec& spec, const LabelledImage& image) {
    if (spec.source != nullptr) return spec.source->make(image.number);
    return {Image::read(image.image), read_labels(spec, image)};
}

}  // namespace dbnet::data
