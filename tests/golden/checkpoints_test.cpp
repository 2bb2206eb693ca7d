// State dicts read from files of torch.save against their recorded content.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "model/checkpoint/pth.hpp"
#include "support/golden.hpp"

namespace dbnet::test {
namespace {

using nlohmann::json;

const json* find(const json& dict, const std::string& key) {
    for (const json& item : dict.at("items"))
        if (item[0] == key) return &item[1];
    return nullptr;
}

float number(const json& value) {
    if (value.is_string()) return value == "inf" ? INFINITY : value == "-inf" ? -INFINITY : NAN;
    return value.is_boolean() ? static_cast<float>(value.get<bool>()) : value.get<float>();
}

void expect_tensor(const model::Tensor& tensor, const json& expected) {
    EXPECT_EQ(tensor.dims(), expected["shape"].get<model::Dims>());
    const model::Tensor values = tensor.cast(model::DataType::f32);
    ASSERT_EQ(values.f32().size(), expected["values"].size());
    for (std::size_t i = 0; i < values.f32().size(); ++i) {
        const float wanted = number(expected["values"][i]);
        if (std::isnan(wanted))
            EXPECT_TRUE(std::isnan(values.f32()[i])) << i;
        else
            EXPECT_EQ(values.f32()[i], wanted) << i;
    }
}

void expect_state(const model::StateDict& state, const json& content) {
    const json* inner = find(content, "state_dict");
    const json& items = (inner != nullptr ? *inner : content)["items"];
    std::size_t next = 0;
    std::size_t skipped = 0;
    for (const json& item : items) {
        SCOPED_TRACE(item[0].get<std::string>());
        if (!item[1].is_object() || !item[1].contains("__tensor__") ||
            item[1]["dtype"] == "int16") {
            ++skipped;
            continue;
        }
        ASSERT_LT(next, state.tensors.size());
        EXPECT_EQ(state.tensors[next].first, item[0].get<std::string>());
        expect_tensor(state.tensors[next].second, item[1]);
        ++next;
    }
    EXPECT_EQ(next, state.tensors.size());
    EXPECT_EQ(skipped, state.skipped.size());
}

TEST(GoldenCheckpoints, StateDictsOfZipFiles) {
    const std::string section = golden_section("checkpoints");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : files_ending(section, ".pth")) {
        const std::size_t zip = path.find("_zip");
        if (zip == std::string::npos) continue;
        SCOPED_TRACE(path);
        expect_state(model::read_pth(path), read_json(path.substr(0, zip) + ".json")["content"]);
        ++cases;
    }
    report_golden("checkpoints", cases);
}

}  // namespace
}  // namespace dbnet::test
