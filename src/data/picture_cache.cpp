#include "data/picture_cache.hpp"

#include <bit>
#include <utility>

namespace dbnet::data {
namespace {

std::size_t index_of(int reduction) {
    return static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(reduction)));
}

std::vector<TextLabel> labels_of(std::vector<formats::RecordRegion> regions) {
    std::vector<TextLabel> labels;
    labels.reserve(regions.size());
    for (formats::RecordRegion& region : regions)
        labels.push_back({std::move(region.polygon), region.ignore});
    return labels;
}

std::uint64_t bytes_of(const Image& image) {
    return 3 * static_cast<std::uint64_t>(image.width()) *
           static_cast<std::uint64_t>(image.height());
}

Size size_of(const Image& image) { return {image.width(), image.height()}; }

}  // namespace

PictureCache::Opened PictureCache::open(const DatasetSpec& spec, const LabelledImage& image,
                                        const formats::RecordSink::TakeProblem& take_problem) {
    if (Kept kept = find(image); kept.facts != nullptr) return {*this, image, std::move(kept)};
    PictureFacts facts;
    Pixels whole;
    std::optional<image::EncodedImage> file;
    if (spec.source != nullptr) {
        Picture picture = spec.source->make(image.number);
        facts.labels = labels_of(std::move(picture.regions));
        whole = std::make_shared<const Image>(std::move(picture.image));
    } else {
        facts.labels = labels_of(read_record(spec, image, take_problem).regions);
        file.emplace(image.image);
        if (const auto possible = file->reducible()) {
            facts.size = {possible->width, possible->height};
            facts.most_reduction = possible->most;
        } else {
            whole = std::make_shared<const Image>(file->decode());
        }
    }
    if (whole != nullptr) facts.size = size_of(*whole);
    Opened opened(*this, image, {std::make_shared<const PictureFacts>(std::move(facts)), {}});
    opened.file_ = std::move(file);
    if (whole != nullptr) {
        keep(image, opened.kept_.facts, 1, whole);
        opened.kept_.pixels[0] = std::move(whole);
    }
    return opened;
}

PictureCache::Kept PictureCache::find(const LabelledImage& image) const {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(&image);
    return found == kept_.end() ? Kept{} : found->second;
}

void PictureCache::keep(const LabelledImage& image,
                        const std::shared_ptr<const PictureFacts>& facts, int reduction,
                        const Pixels& pixels) {
    const std::uint64_t bytes = bytes_of(*pixels);
    const std::lock_guard lock(mutex_);
    if (bytes > budget_ - bytes_) return;
    Kept& kept = kept_[&image];
    Pixels& place = kept.pixels[index_of(reduction)];
    if (place != nullptr) return;  // another thread was faster
    if (kept.facts == nullptr) kept.facts = facts;
    place = pixels;
    bytes_ += bytes;
}

std::shared_ptr<const Image> PictureCache::Opened::pixels(int reduction) {
    Pixels& place = kept_.pixels[index_of(reduction)];
    if (place == nullptr) {
        if (!file_) file_.emplace(image_.image);
        place = std::make_shared<const Image>(file_->decode(reduction));
        cache_.keep(image_, kept_.facts, reduction, place);
    }
    return place;
}

}  // namespace dbnet::data
