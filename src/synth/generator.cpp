#include "synth/generator.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"
#include "synth/layout.hpp"
#include "synth/look.hpp"
#include "synth/surroundings.hpp"
#include "synth/warp.hpp"

namespace dbnet::synth {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kPhotographs = 0.8;  // of the pictures, where there are any
constexpr double kFewestTexts = 0.3;  // of the texts that a picture may have
constexpr int kPlaces = 8;            // tried for a block
constexpr int kGoodPlaces = 3;        // of which the smoothest is taken
constexpr double kUneven = 38;        // deviation beyond which text needs a plate
constexpr double kSharpness = 5;      // heights below this many sigmas of blur are illegible

void check_range(std::string_view name, double value, double low, double high) {
    if (!(value >= low && value <= high))
        core::fail(ErrorCode::invalid_argument, "synthetic text: ", name, " is ", value,
                   ", expected ", low, " to ", high);
}

double distance(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Of an outline made by Warp::outline(): the mean length of its left and right ends.
double height_of(const Polygon& outline) {
    const std::size_t half = outline.size() / 2;
    return (distance(outline.front(), outline.back()) +
            distance(outline[half - 1], outline[half])) /
           2;
}

bool overlap(const Rect& a, const Rect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

struct Label {
    std::string text;
    Polygon outline;
};

/// A picture in the making.
class Composition {
public:
    Composition(const SynthOptions& options, const FontSet& fonts, const WordSource& words,
                const Textures& textures, data::Picture background, core::Random& random)
        : options_(options),
          fonts_(fonts),
          words_(words),
          textures_(textures),
          picture_(std::move(background)),
          surroundings_(picture_.image),
          tilt_(4 * kDegree * static_cast<double>(random.normal())),
          random_(random) {
        for (const formats::RecordRegion& region : picture_.regions) take(region.polygon);
    }

    data::Picture finish() {
        const int blocks =
            static_cast<int>(std::ceil(options_.texts * random_.uniform(kFewestTexts, 1)));
        for (int i = 0; i < blocks; ++i) add_block();
        const double sigma = photograph(picture_.image, options_.camera, textures_, random_);
        const double least = std::max(options_.min_height, kSharpness * sigma);
        for (Label& label : labels_) {
            const bool ignore = height_of(label.outline) < least;
            picture_.regions.push_back(
                {std::move(label.outline), {}, {}, {}, std::move(label.text), ignore});
        }
        return std::move(picture_);
    }

private:
    struct Place {
        Warp warp;
        Polygon outline;
        Surroundings::Summary behind;
    };

    void take(const Polygon& outline) {
        taken_.push_back({outline, geometry::bounding_rect(outline)});
    }

    bool is_free(const Polygon& outline) const {
        const Rect box = geometry::bounding_rect(outline);
        if (box.x < 1 || box.y < 1 || box.x + box.width > picture_.image.width() - 1 ||
            box.y + box.height > picture_.image.height() - 1)
            return false;
        return std::ranges::none_of(taken_, [&](const auto& taken) {
            return overlap(box, taken.second) &&
                   geometry::intersection_area(outline, taken.first) > 0;
        });
    }

    double shorter_side() const {
        return std::min(picture_.image.width(), picture_.image.height());
    }

    /// Small text is more frequent than large text.
    double draw_size() {
        const double low = 1.25 * options_.min_height;
        const double high = std::max(2 * low, 0.24 * shorter_side());
        return low * std::pow(high / low, std::pow(random_.uniform(), 1.5));
    }

    std::vector<std::vector<std::string>> draw_lines() {
        const double kind = random_.uniform();
        const std::size_t lines = kind < 0.8 ? 1 : 2 + random_.below(3);
        std::vector<std::vector<std::string>> text;
        for (std::size_t i = 0; i < lines; ++i)
            text.push_back(words_.phrase(kind < 0.4 ? 1 : 1 + random_.below(4), random_));
        return text;
    }

    Typography draw_typography() {
        Typography type;
        type.size = draw_size();
        type.line_spacing = random_.uniform(1.05, 1.6);
        if (random_.uniform() < 0.25) type.tracking = random_.uniform(0, 0.25);
        if (random_.uniform() < 0.3) type.stretch = random_.uniform(0.75, 1.3);
        if (random_.uniform() < 0.08) type.slant = random_.uniform(-0.1, 0.35);
        if (random_.uniform() < 0.5) type.alignment = random_.below(2) == 0 ? 0 : 1;
        return type;
    }

    /// Text in a random font, no wider than the picture.
    std::optional<Block> draw_text(Typography& type) {
        const auto lines = draw_lines();
        std::string all;
        for (const auto& line : lines)
            for (const std::string& word : line) all += word;
        const Font* font = fonts_.choose(all, random_);
        if (font == nullptr) return std::nullopt;
        std::optional<Block> block = set_lines(lines, *font, type);
        if (!block) return std::nullopt;
        const double most_width = random_.uniform(0.4, 0.9) * picture_.image.width();
        const double most_height = random_.uniform(0.3, 0.8) * picture_.image.height();
        const double scale =
            std::min(most_width / block->ink.width(), most_height / block->ink.height());
        if (scale >= 1) return block;
        type.size *= scale;
        if (type.size < options_.min_height) return std::nullopt;
        return set_lines(lines, *font, type);
    }

    Bend draw_bend(const Block& block) {
        Bend bend;
        const double width = block.ink.width();
        const double height = block.ink.height();
        if (block.lines.size() > 1 || width < 2 * height || random_.uniform() >= options_.curved)
            return bend;
        if (random_.uniform() < 0.75) {
            bend.kind = Bend::Kind::arc;
            const double angle = std::min(random_.uniform(0.3, 2.6), width / (1.3 * height));
            bend.curvature = angle / width * (random_.uniform() < 0.7 ? 1 : -1);
        } else {
            bend.kind = Bend::Kind::wave;
            bend.wavelength = width * random_.uniform(0.7, 1.6);
            bend.amplitude = std::min(height * random_.uniform(0.1, 0.5), 0.08 * bend.wavelength);
            bend.phase = random_.uniform(0, 2 * std::numbers::pi);
        }
        return bend;
    }

    double draw_roll() {
        const double kind = random_.uniform();
        const double slight = 2.5 * kDegree * static_cast<double>(random_.normal());
        if (kind < 0.72) return tilt_ + slight;
        if (kind < 0.88) return random_.uniform(-20, 20) * kDegree;
        if (kind < 0.96) return random_.uniform(-60, 60) * kDegree;
        return (random_.below(2) == 0 ? 90 : -90) * kDegree + slight;
    }

    Pose draw_pose(const Block& block) {
        const auto turn = [&](double spread, double most) {
            const double angle = spread * static_cast<double>(random_.normal());
            return std::clamp(angle, -most, most) * kDegree;
        };
        const double extent = std::max(block.ink.width(), block.ink.height());
        return {draw_roll(), turn(12, 45), turn(20, 58),
                std::max(extent, 100.0) * random_.uniform(1.2, 5)};
    }

    std::optional<Place> find_place(const Extent& box, const Warp& warp) {
        std::optional<Place> best;
        int found = 0;
        const Rect reach = geometry::bounding_rect(warp.moved_to({0, 0}).outline(box));
        const double room_x = picture_.image.width() - reach.width - 2;
        const double room_y = picture_.image.height() - reach.height - 2;
        if (room_x <= 0 || room_y <= 0) return best;
        for (int i = 0; i < kPlaces && found < kGoodPlaces; ++i) {
            const Warp there = warp.moved_to({1 - reach.x + random_.uniform() * room_x,
                                              1 - reach.y + random_.uniform() * room_y});
            Polygon outline = there.outline(box);
            if (!is_free(outline)) continue;
            ++found;
            const auto behind = surroundings_.of(geometry::bounding_rect(outline));
            if (!best || behind.deviation < best->behind.deviation)
                best.emplace(Place{there, std::move(outline), behind});
        }
        return best;
    }

    void add_block() {
        Typography type = draw_typography();
        const std::optional<Block> block = draw_text(type);
        if (!block) return;
        const Warp warp(draw_bend(*block), draw_pose(*block), {0, 0});
        const double margin = 0.15 * type.size + 2;
        const bool wants_plate = random_.uniform() < 0.3;
        const double room = wants_plate ? kMostPadding * type.size + 2 : margin;
        std::optional<Place> place = find_place(block->ink.grown(room, room), warp);
        if (!place) return;
        if (place->behind.deviation > kUneven && !wants_plate) return;
        const Look look = draw_look(type.size, wants_plate, place->behind, random_);
        draw_block(picture_.image, *block, place->warp, look, textures_, random_);
        take(place->outline);
        add_labels(*block, place->warp);
    }

    void add_labels(const Block& block, const Warp& warp) {
        for (const Line& line : block.lines) {
            if (options_.unit == Unit::word) {
                for (const PlacedWord& word : line)
                    labels_.push_back({word.text, warp.outline(word.ink)});
                continue;
            }
            std::string text;
            for (const PlacedWord& word : line) text += (text.empty() ? "" : " ") + word.text;
            labels_.push_back({std::move(text), warp.outline(ink_of(line))});
        }
    }

    const SynthOptions& options_;
    const FontSet& fonts_;
    const WordSource& words_;
    const Textures& textures_;
    data::Picture picture_;
    Surroundings surroundings_;
    std::vector<std::pair<Polygon, Rect>> taken_;
    std::vector<Label> labels_;
    double tilt_;  ///< of the whole picture
    core::Random& random_;
};

}  // namespace

void check(const SynthOptions& options) {
    check_range("count", static_cast<double>(options.count), 1,
                static_cast<double>(data::PictureSource::kMostPictures));
    check_range("width", options.size.width, 64, 4096);
    check_range("height", options.size.height, 64, 4096);
    check_range("texts", options.texts, 1, 100);
    check_range("curved", options.curved, 0, 1);
    check_range("min_height", options.min_height, 4, 100);
}

Generator::Generator(SynthOptions options)
    : options_((check(options), std::move(options))),
      fonts_(options_.fonts),
      words_(options_.words) {
    if (options_.backgrounds) photographs_.emplace(*options_.backgrounds, options_.size);
    core::Random random(options_.seed, "fonts");
    const std::vector<std::string> excerpt = words_.excerpt(1000);
    if (std::ranges::none_of(excerpt, [&](const std::string& word) {
            const Font* font = fonts_.choose(word, random);
            return font != nullptr && font->shape(word);
        }))
        core::fail(ErrorCode::malformed, options_.words, ": none of ", fonts_.size(),
                   " fonts has the letters of \"", excerpt.front(), "\"",
                   excerpt.size() > 1 ? " or of any other word" : "");
}

data::Picture Generator::background(core::Random& random) const {
    if (photographs_ && random.uniform() < kPhotographs)
        return photographs_->part(options_.size, random);
    return {paint_scene(options_.size, textures_, random), {}};
}

data::Picture Generator::make(std::uint64_t number) const {
    core::Random random(options_.seed, core::concat("picture:", number));
    return Composition(options_, fonts_, words_, textures_, background(random), random).finish();
}

}  // namespace dbnet::synth
