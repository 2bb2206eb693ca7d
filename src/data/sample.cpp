#include "data/sample.hpp"

#include <utility>

namespace dbnet::data {

Sample make_sample(const DatasetSpec& spec, const LabelledImage& image,
                   const SampleOptions& options, core::Random random) {
    Picture original = read_picture(spec, image);
    std::vector<TextLabel> labels;
    for (formats::RecordRegion& region : original.regions)
        labels.push_back({std::move(region.polygon), region.ignore});
    const Size size{original.image.width(), original.image.height()};
    const View view = draw_view(size, spec.resize.apply(size), labels, options.augment, random);
    Sample sample{
        image.image, warp(original.image, view, options.augment.size), transform(labels, view), {}};
    jitter_colours(sample.picture, view.covered, options.augment.colour, random);
    sample.targets = make_targets(sample.picture.width(), sample.picture.height(), sample.labels,
                                  options.targets);
    return sample;
}

}  // namespace dbnet::data
