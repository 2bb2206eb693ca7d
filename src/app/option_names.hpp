#pragma once

#include <dbnet/detector.hpp>

#include "app/names.hpp"
#include "formats/record.hpp"

// How the values of options are called on the command line and in files.
namespace dbnet::app {

inline constexpr std::array<NamedValue<Preset>, 4> kPresets{{{"native", Preset::native},
                                                             {"mhliao", Preset::mhliao},
                                                             {"mmocr", Preset::mmocr},
                                                             {"paddle", Preset::paddle}}};

inline constexpr std::array<NamedValue<Unclip>, 2> kUnclips{
    {{"ratio", Unclip::ratio}, {"exact", Unclip::exact}}};

inline constexpr std::array<NamedValue<ScoreMode>, 2> kScoreModes{
    {{"outline", ScoreMode::outline}, {"box", ScoreMode::box}}};

inline constexpr std::array<NamedValue<formats::Shape>, 3> kShapes{
    {{"quad", formats::Shape::quad},
     {"polygon", formats::Shape::polygon},
     {"rect", formats::Shape::rect}}};

}  // namespace dbnet::app
