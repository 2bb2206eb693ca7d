#include "formats/record.hpp"

#include "core/error.hpp"

namespace dbnet::formats {

void RecordSink::add(Record& record, RecordRegion&& region) {
    if (record.regions.size() == kMostTexts)
        core::fail(ErrorCode::too_large, record.image, ": more than ", kMostTexts,
                   " texts for one image");
    Polygon& polygon = region.polygon;
    if (polygon.size() > 3 && polygon.front() == polygon.back()) polygon.pop_back();
    record.regions.push_back(std::move(region));
}

void RecordSink::count_problem() const {
    if (++problems_ > kMostProblems)
        core::fail(ErrorCode::too_large, "more than ", kMostProblems,
                   " parts of the label file cannot be used: is it of this format?");
}

}  // namespace dbnet::formats
