#pragma once

#include "formats/formats.hpp"

// The rows of the table, each defined in the file named after it (jsonl: json.cpp, lsvt: art.cpp,
// textocr: cocotext.cpp).
namespace dbnet::formats {

extern const Format kJsonFormat;
extern const Format kJsonlFormat;
extern const Format kIcdarFormat;
extern const Format kCsvFormat;
extern const Format kPaddleFormat;
extern const Format kLabelmeFormat;
extern const Format kCocoFormat;
extern const Format kMmocrFormat;
extern const Format kTotaltextFormat;
extern const Format kCtw1500Format;
extern const Format kYoloFormat;
extern const Format kSvgFormat;
extern const Format kIcdar2013Format;
extern const Format kIcdarPolygonFormat;
extern const Format kMltFormat;
extern const Format kArtFormat;
extern const Format kLsvtFormat;
extern const Format kRectsFormat;
extern const Format kTd500Format;
extern const Format kSynthtextFormat;
extern const Format kCocotextFormat;
extern const Format kTextocrFormat;
extern const Format kHiertextFormat;
extern const Format kHiertextLineFormat;
extern const Format kHiertextParagraphFormat;
extern const Format kMhliaoFormat;
extern const Format kLabelstudioFormat;
extern const Format kViaFormat;
extern const Format kCvatFormat;
extern const Format kVocFormat;
extern const Format kDotaFormat;
extern const Format kDoctrFormat;

}  // namespace dbnet::formats
