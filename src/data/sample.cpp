#include "data/sample.hpp"

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
    if (const auto count = draw(options.augment.paste, random); count && words)
        if (const auto other = words(random))
            paste_words(*other, static_cast<int>(std::lround(*count)), view.covered,
                        options.augment, random, sample.picture, sample.labels);
    jitter_colours(sample.picture, outline(facts.size, view), options.augment.colour, random);
    degrade(sample.picture, view.covered, options.augment, random);
    sample.targets = make_targets(sample.picture.width(), sample.picture.height(), sample.labels,
                                  options.targets);
    clear_beyond(sample.targets, view.covered.width, view.covered.height, options.targets);
    return sample;
}

Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random) {
    PictureCache nothing_kept(0);
    return make_sample(nothing_kept.open(spec, image), image.image, spec, options, random);
}

}  // namespace dbnet::data
