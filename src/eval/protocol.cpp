#include "eval/protocol.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.hpp"
#include "eval/matching.hpp"

namespace dbnet::eval {
namespace {

constexpr std::array<float, 7> kMmocrSweep{0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f};

const std::array<Protocol, 8> kProtocols{{
    {"icdar",
     "IoU above 0.5, first fit: ICDAR2015, MLT, CTW1500, Total-Text polygons",
     {View::polygon},
     match_first_fit},
    {"icdar-by-score",
     "as icdar, findings in the order of their scores (submissions with scores)",
     {View::polygon, true},
     match_first_fit},
    {"icdar2013", "DetEval on boxes: ICDAR2013", {View::box}, match_deteval_official},
    {"mhliao-deteval", "DetEval on polygons, as MhLiao/DB has it", {View::polygon}, match_deteval},
    {"totaltext",
     "DetEval on polygons, as the Total-Text authors have it (tr 0.7, tp 0.6)",
     {View::polygon},
     match_total_text},
    {"td500",
     "MSRA-TD500's own: angle within pi/8, IoU of the levelled rectangles above 0.5",
     {View::turned},
     match_td500},
    {"mmocr",
     "mmocr's hmean-iou: best score threshold of 0.3 to 0.9, first fit",
     {View::repaired},
     match_first_fit,
     kMmocrSweep},
    {"mmocr-maximum",
     "as mmocr, with as many matches as there can be",
     {View::repaired},
     match_maximum,
     kMmocrSweep},
}};

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

bool lies_in_ignored(const Overlaps& overlaps, std::size_t finding, double limit, double bias) {
    const double area = overlaps.findings()[finding].area + bias;
    return std::ranges::any_of(overlaps.of_finding(finding), [&](const Pair& pair) {
        return overlaps.truth(pair).ignore && pair.common / area > limit;
    });
}

}  // namespace

void ImageResult::add_match(std::int32_t truth, std::int32_t finding) {
    truth_fates[at(truth)] = Fate::matched;
    finding_fates[at(finding)] = Fate::matched;
    matches.push_back({truth, finding});
}

std::span<const Protocol> protocols() { return kProtocols; }

const Protocol& protocol_named(std::string_view name) {
    std::string names;
    for (const Protocol& protocol : kProtocols) {
        if (protocol.name == name) return protocol;
        names.append(names.empty() ? "" : ", ").append(protocol.name);
    }
    core::fail(ErrorCode::invalid_argument, "unknown protocol '", name, "', expected one of ",
               names);
}

ImageResult begin_matching(const Overlaps& overlaps, float min_score, double limit,
                           double area_bias) {
    ImageResult result;
    for (const Shape& truth : overlaps.truths()) {
        const Fate fate = !truth.usable() ? Fate::left_out
                          : truth.ignore  ? Fate::ignored
                                          : Fate::unmatched;
        result.truth_fates.push_back(fate);
        result.truths += fate == Fate::unmatched;
    }
    for (std::size_t i = 0; i < overlaps.findings().size(); ++i) {
        const Shape& finding = overlaps.findings()[i];
        const Fate fate = !finding.usable()                                ? Fate::left_out
                          : finding.score < min_score                      ? Fate::below
                          : lies_in_ignored(overlaps, i, limit, area_bias) ? Fate::ignored
                                                                           : Fate::unmatched;
        result.finding_fates.push_back(fate);
        result.findings += fate == Fate::unmatched;
    }
    return result;
}

bool both_free(const ImageResult& result, const Pair& pair) {
    return result.truth_fates[at(pair.truth)] == Fate::unmatched &&
           result.finding_fates[at(pair.finding)] == Fate::unmatched;
}

}  // namespace dbnet::eval
