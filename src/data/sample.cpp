#include "data/sample.hpp"

#include <cmath>
#include <utility>

namespace dbnet::data {
namespace {

/// How many pixels of the sample the longest image of a pixel takes: the largest singular value.
double enlargement(const Affine& a) {
    const double columns = a.xx * a.xx + a.yx * a.yx;
    const double rows = a.xy * a.xy + a.yy * a.yy;
    const double mixed = a.xx * a.xy + a.yx * a.yy;
    return std::sqrt((columns + rows + std::hypot(columns - rows, 2 * mixed)) / 2);
}

/// The largest reduction that leaves the picture at least as fine as the view shows it.
int reduction_for(const View& view, int most) {
    int reduction = 1;
    while (2 * reduction <= most && 2 * reduction * enlargement(view.place) <= 1) reduction *= 2;
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
                   const SampleOptions& options, core::Random random) {
    const PictureFacts& facts = picture.facts();
    const View view =
        draw_view(facts.size, spec.resize.apply(facts.size), facts.labels, options.augment, random);
    const int reduction = reduction_for(view, facts.most_reduction);
    const double side = reduction;
    const View reduced{Affine{side, 0, 0, 0, side, 0}.then(view.place), view.covered};
    Sample sample{source,
                  warp(*picture.pixels(reduction), reduced, options.augment.size),
                  transform(facts.labels, view),
                  {}};
    jitter_colours(sample.picture, outline(facts.size, view), options.augment.colour, random);
    sample.targets = make_targets(sample.picture.width(), sample.picture.height(), sample.labels,
                                  options.targets);
    return sample;
}

Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random) {
    PictureCache nothing_kept(0);
    return make_sample(nothing_kept.open(spec, image), image.image, spec, options, random);
}

}  // namespace dbnet::data
