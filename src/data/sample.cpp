#include "data/sample.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/degrade.hpp"

namespace dbnet::data {
namespace {

/// The largest reduction that leaves the picture at least as fine as the view shows it.
int reduction_for(const View& view, Size picture, int most) {
    const double largest = enlargement(view.place, picture);
    int reduction = 1;
    while (2 * reduction <= most && 2 * reduction * largest <= 1) reduction *= 2;
    return reduction;
}

/// What of the sample the picture covers.
Polygon outline(Size picture, const View& view) {
    const double width = picture.width;
    const double height = picture.height;
    const TextLabel whole{{{0, 0}, {width, 0}, {width, height}, {0, height}}, true};
    const std::vector<TextLabel> seen = transform({whole}, view);
    return seen.empty() ? Polygon() : seen.front().polygon;
}

/// What the sample shows of the teacher's map. Words that were pasted it has not seen: there the
/// targets of their labels, the last ones from `pasted` on, stand in.
std::vector<std::uint8_t> soft_targets(const SoftMap& map, Size picture, const View& view,
                                       const Sample& sample, std::size_t pasted) {
    const int width = sample.targets.width;
    const int height = sample.targets.height;
    std::vector<std::uint8_t> soft =
        warp(ImageMap<std::uint8_t>{map.values, map.size}, picture, view, {width, height});
    for (std::size_t i = pasted; i < sample.labels.size(); ++i) {
        const Polygon shown = clip(sample.labels[i].polygon, view.covered);
        if (shown.empty()) continue;
        const auto [left, right] = std::ranges::minmax(shown, {}, &Point::x);
        const auto [top, bottom] = std::ranges::minmax(shown, {}, &Point::y);
        for (int y = static_cast<int>(top.y); y < std::min(height, static_cast<int>(bottom.y) + 1);
             ++y)
            for (int x = static_cast<int>(left.x);
                 x < std::min(width, static_cast<int>(right.x) + 1); ++x) {
                const std::size_t at =
                    static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                    static_cast<std::size_t>(x);
                soft[at] = sample.targets.probability[at] != 0 ? 255 : 0;
            }
    }
    return soft;
}

/// Labels do not count where a teacher is sure of text that they do not know.
void mask_missed(TargetMaps& targets, const std::vector<std::uint8_t>& soft, double sure) {
    for (std::size_t i = 0; i < soft.size(); ++i)
        if (soft[i] >= 255 * sure && targets.probability[i] == 0) targets.probability_mask[i] = 0;
}

}  // namespace

Sample make_sample(PictureCache::Opened picture, const std::string& source, const DatasetSpec& spec,
                   const SampleOptions& options, core::Random random, const DrawWordSource& words) {
    const PictureFacts& facts = picture.facts();
    const View view =
        draw_view(facts.size, spec.resize.apply(facts.size), facts.labels, options.augment, random);
    const int reduction = reduction_for(view, facts.size, facts.most_reduction);
    const View reduced{scaling(reduction, reduction).then(view.place), view.covered};
    Sample sample{source,
                  warp(*picture.pixels(reduction), reduced, options.augment.size),
                  transform(facts.labels, view, options.augment.visible_share),
                  {}};
    // That style would move the corners that lie outside to the border, which bends outlines.
    if (options.targets.style == TargetStyle::mhliao)
        for (TextLabel& label : sample.labels) label.polygon = clip(label.polygon, view.covered);
    const std::size_t own_labels = sample.labels.size();
    if (const auto count = draw(options.augment.paste, random); count && words)
        if (const auto other = words(random))
            paste_words(*other, static_cast<int>(std::lround(*count)), view.covered,
                        options.augment, random, sample.picture, sample.labels);
    jitter_colours(sample.picture, outline(facts.size, view), options.augment.colour, random);
    degrade(sample.picture, view.covered, options.augment, random);
    sample.targets = make_targets(sample.picture.width(), sample.picture.height(), sample.labels,
                                  options.targets);
    clear_beyond(sample.targets, view.covered.width, view.covered.height, options.targets);
    if (options.teacher) {
        const auto made = spec.source ? picture.pixels(1) : nullptr;
        sample.soft = soft_targets(options.teacher->map_of(source, made.get()), facts.size, view,
                                   sample, own_labels);
        mask_missed(sample.targets, sample.soft, options.sure);
    }
    if (spec.format == kUnlabelled) std::ranges::fill(sample.targets.probability_mask, 0);
    return sample;
}

Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random) {
    PictureCache nothing_kept(0);
    return make_sample(nothing_kept.open(spec, image), image.image, spec, options, random);
}

}  // namespace dbnet::data
