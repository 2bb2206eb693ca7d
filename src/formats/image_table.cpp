#include "formats/image_table.hpp"

#include <utility>

#include "core/error.hpp"

namespace dbnet::formats {

std::string identifier(const Json& object, const char* key, const Where& where) {
    const Json& value = member(object, key, where);
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_number_integer())
        fail_in(where, core::concat("\"", key, "\" must be a whole number or a string"));
    return value.dump();
}

void ImageTable::add_image(const std::string& id, Record&& record, const Where& where) {
    const auto [place, is_new] = by_id_.emplace(id, static_cast<std::uint32_t>(entries_.size()));
    if (is_new) entries_.emplace_back();
    Entry& entry = entries_[place->second];
    if (entry.image != UINT32_MAX) fail_in(where, "another image has the same \"id\"");
    entry.image = static_cast<std::uint32_t>(images_.size());
    entry_of_image_.push_back(place->second);
    images_.push_back(std::move(record));
}

void ImageTable::add_text(const std::string& image, const RecordRegion& region) {
    const auto [place, is_new] = by_id_.emplace(image, static_cast<std::uint32_t>(entries_.size()));
    if (is_new) entries_.emplace_back();
    if (entries_[place->second].texts.size() == RecordSink::kMostTexts)
        core::fail(ErrorCode::too_large, file_, ": more than ", RecordSink::kMostTexts,
                   " texts for the image ", image);
    entries_[place->second].texts.add(region);
}

void ImageTable::deliver(const RecordSink& sink) {
    for (const auto& [id, number] : by_id_) {
        const Entry& entry = entries_[number];
        if (entry.image != UINT32_MAX) continue;
        sink.part([&] {
            core::fail(ErrorCode::malformed, file_, ": ", entry.texts.size(),
                       " texts have the \"image_id\" ", id, ", which no image has");
        });
    }
    by_id_.clear();
    for (std::size_t i = 0; i < images_.size(); ++i) {
        Record record = std::move(images_[i]);
        record.regions = std::exchange(entries_[entry_of_image_[i]].texts, {}).unpack();
        sink(std::move(record));
    }
}

}  // namespace dbnet::formats
