#include "app/detection_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/option_names.hpp"
#include "core/file.hpp"
#include "image/draw.hpp"
#include "image/encode.hpp"
#include "image/rectify.hpp"

namespace dbnet::app {
namespace {

constexpr int kMapSchema = 1;
constexpr image::Colour kRejectedColour{150, 150, 150};

formats::RecordRegion to_record(const Region& region) {
    return {region.polygon, region.quad, region.rect, region.score};
}

formats::RecordCandidate to_record(const Candidate& candidate) {
    return {std::string(to_string(candidate.verdict)), candidate.reason, candidate.contour,
            candidate.score, candidate.short_side};
}

/// The number as a person would write it: 0.3 rather than 0.30000001192092896.
double decimal(float value) { return std::round(static_cast<double>(value) * 1e6) / 1e6; }

std::string score_label(float score) {
    char text[8];
    std::snprintf(text, sizeof text, "%.2f", static_cast<double>(score));
    return text;
}

std::string crop_path(const std::string& folder, std::size_t number) {
    std::string digits = std::to_string(number);
    digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
    return folder + "/" + digits + ".png";
}

}  // namespace

formats::Record to_record(const std::string& image, const Detection& detection, double decode_ms) {
    formats::Record record{image, detection.image_width, detection.image_height};
    for (const Region& region : detection.regions) record.regions.push_back(to_record(region));
    for (const Candidate& candidate : detection.candidates)
        record.candidates.push_back(to_record(candidate));
    record.warnings = detection.warnings;
    if (detection.input_width > 0)
        record.map_pixel = static_cast<double>(detection.image_width) / detection.input_width;
    record.timing_ms = {{"decode", decode_ms},
                        {"preprocess", detection.timing.preprocess},
                        {"queue", detection.timing.queue},
                        {"forward", detection.timing.forward},
                        {"postprocess", detection.timing.postprocess}};
    return record;
}

void draw_detection(Image& image, const Detection& detection, formats::Shape shape) {
    const double scale_x = static_cast<double>(image.width()) / detection.image_width;
    const double scale_y = static_cast<double>(image.height()) / detection.image_height;
    const auto on_image = [&](Polygon outline) {
        for (Point& point : outline) point = {point.x * scale_x, point.y * scale_y};
        return outline;
    };
    std::vector<image::Shape> rejected;
    for (const Candidate& candidate : detection.candidates)
        if (candidate.verdict != Verdict::accepted)
            rejected.push_back({on_image(candidate.contour), ""});
    image::draw(image, rejected, {kRejectedColour, 0});
    std::vector<image::Shape> accepted;
    for (const Region& region : detection.regions)
        accepted.push_back(
            {on_image(formats::outline(to_record(region), shape, formats::Shape::polygon)),
             score_label(region.score)});
    image::draw(image, accepted);
}

void write_map(const std::string& stem, const std::string& image, const ProbabilityMap& map,
               Preset preset, const DetectOptions& settings) {
    std::vector<std::uint16_t> pixels(map.values.size());
    std::ranges::transform(map.values, pixels.begin(), [](float value) {
        return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0f, 1.0f) * 65535));
    });
    core::write_file(stem + ".png", image::encode_png16(pixels, map.width, map.height));
    const nlohmann::ordered_json json{
        {"schema", kMapSchema},
        {"image", image},
        {"image_width", map.image_width},
        {"image_height", map.image_height},
        {"map_width", map.width},
        {"map_height", map.height},
        {"valid_width", map.valid_width},
        {"valid_height", map.valid_height},
        {"scale_x", static_cast<double>(map.valid_width) / map.image_width},
        {"scale_y", static_cast<double>(map.valid_height) / map.image_height},
        {"padding_right", map.width - map.valid_width},
        {"padding_bottom", map.height - map.valid_height},
        {"preset", to_string(preset)},
        {"settings",
         {{"size", settings.size.value().to_string()},
          {"threshold", decimal(settings.threshold.value())},
          {"box_threshold", decimal(settings.box_threshold.value())},
          {"unclip", name_of(settings.unclip.value(), kUnclips)},
          {"unclip_ratio", decimal(settings.unclip_ratio.value())},
          {"shrink_ratio", decimal(settings.shrink_ratio.value())},
          {"min_size", decimal(settings.min_size.value())},
          {"max_candidates", settings.max_candidates.value()},
          {"score_mode", name_of(settings.score_mode.value(), kScoreModes)},
          {"dilate", settings.dilate.value()}}}};
    core::write_file(
        stem + ".json",
        json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void write_crops(const std::string& folder, const ImageView& image, const Detection& detection) {
    std::size_t number = 0;
    for (const Region& region : detection.regions)
        core::write_file(crop_path(folder, ++number),
                         image::encode_png(image::rectify(image, region.quad)));
    std::error_code ignored;
    while (std::filesystem::remove(crop_path(folder, ++number), ignored)) {
    }
}

}  // namespace dbnet::app
