#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "model/onnx_proto.hpp"
#include "model/operators.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Integer = std::int64_t;
using Bytes = std::vector<std::uint8_t>;

/// Builds a file message by message, as exporters of any opset would.
struct File {
    onnx::ModelProto model;

    explicit File(int opset) {
        model.set_ir_version(8);
        model.add_opset_import()->set_version(opset);
        model.mutable_graph()->set_name("test");
    }

    onnx::GraphProto& graph() { return *model.mutable_graph(); }

    File& input(const std::string& name, const Dims& dims) {
        describe(*graph().add_input(), name, dims);
        return *this;
    }
    File& output(const std::string& name) {
        describe(*graph().add_output(), name, {});
        return *this;
    }
    onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs) {
        auto& message = *graph().add_node();
        message.set_op_type(op);
        message.set_name(core::concat("the ", op));
        for (const auto& name : inputs) message.add_input(name);
        for (const auto& name : outputs) message.add_output(name);
        return message;
    }
    onnx::TensorProto& initializer(const std::string& name, const Dims& dims,
                                   const std::vector<float>& values) {
        auto& tensor = *graph().add_initializer();
        tensor.set_name(name);
        tensor.set_data_type(onnx::TensorProto::FLOAT);
        for (const Integer extent : dims) tensor.add_dims(extent);
        for (const float value : values) tensor.add_float_data(value);
        return tensor;
    }
    void integers(const std::string& name, const std::vector<Integer>& values) {
        auto& tensor = initializer(name, {static_cast<Integer>(values.size())}, {});
        tensor.set_data_type(onnx::TensorProto::INT64);
        for (const Integer value : values) tensor.add_int64_data(value);
    }

    Bytes bytes() const {
        const std::string text = model.SerializeAsString();
        return {text.begin(), text.end()};
    }
    Graph read() const { return parse_onnx(bytes(), "test.onnx"); }

private:
    static void describe(onnx::ValueInfoProto& value, const std::string& name, const Dims& dims) {
        value.set_name(name);
        auto& tensor = *value.mutable_type()->mutable_tensor_type();
        tensor.set_elem_type(onnx::TensorProto::FLOAT);
        for (const Integer extent : dims) tensor.mutable_shape()->add_dim()->set_dim_value(extent);
    }
};

void set_int(onnx::NodeProto& node, const std::string& name, Integer value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
}
void set_float(onnx::NodeProto& node, const std::string& name, float value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(value);
}
void set_text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(value);
}
void set_ints(onnx::NodeProto& node, const std::string& name, const Dims& values) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const Integer value : values) attribute.add_ints(value);
}

/// A file with one node x -> y and, where `extra` says so, attributes and inputs of it.
template <typename Extra>
File one_node(int opset, const std::string& op, const Dims& dims, Extra extra) {
    File file(opset);
    file.input("x", dims).output("y");
    extra(file, file.node(op, {"x"}, {"y"}));
    return file;
}

Dims integer_parameter(const Graph& graph, std::size_t input) {
    const auto values = graph.parameter(graph.nodes.back().inputs.at(input))->i64();
    return {values.begin(), values.end()};
}

float float_parameter(const Graph& graph, std::size_t input) {
    return graph.parameter(graph.nodes.back().inputs.at(input))->f32()[0];
}

template <typename Run>
std::pair<ErrorCode, std::string> error_of(Run run) {
    try {
        run();
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    return {ErrorCode::internal, "no error"};
}

std::string message_of(const File& file) {
    return error_of([&] { file.read(); }).second;
}

TEST(OnnxReader, ClipOfOpset6) {
    const Graph graph = one_node(10, "Clip", {2}, [](File&, onnx::NodeProto& node) {
                            set_float(node, "max", 6);
                        }).read();
    EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string>{"x", "", "the Clip/max"}));
    EXPECT_EQ(float_parameter(graph, 2), 6);
    EXPECT_TRUE(graph.nodes[0].attributes.empty());
}

TEST(OnnxReader, PadOfOpset2) {
    const Graph graph = one_node(9, "Pad", {2, 3}, [](File&, onnx::NodeProto& node) {
                            set_ints(node, "pads", {0, 1, 0, 2});
                            set_float(node, "value", 7);
                        }).read();
    EXPECT_EQ(integer_parameter(graph, 1), (Dims{0, 1, 0, 2}));
    EXPECT_EQ(float_parameter(graph, 2), 7);
    EXPECT_EQ(graph.outputs[0].dims, (Dims{2, 6}));
}

TEST(OnnxReader, SliceOfOpset1) {
    const Graph graph = one_node(9, "Slice", {4, 5}, [](File&, onnx::NodeProto& node) {
                            set_ints(node, "starts", {1});
                            set_ints(node, "ends", {-1});
                            set_ints(node, "axes", {1});
                        }).read();
    EXPECT_EQ(integer_parameter(graph, 1), (Dims{1}));
    EXPECT_EQ(integer_parameter(graph, 2), (Dims{-1}));
    EXPECT_EQ(integer_parameter(graph, 3), (Dims{1}));
    EXPECT_EQ(graph.outputs[0].dims, (Dims{4, 3}));
}

TEST(OnnxReader, AxesAsAttributes) {
    const auto axes = [](Dims values) {
        return [values](File&, onnx::NodeProto& node) { set_ints(node, "axes", values); };
    };
    EXPECT_EQ(one_node(11, "Squeeze", {1, 3, 1}, axes({0})).read().outputs[0].dims, (Dims{3, 1}));
    EXPECT_EQ(one_node(12, "Unsqueeze", {3}, axes({0, 2})).read().outputs[0].dims, (Dims{1, 3, 1}));
    EXPECT_EQ(one_node(17, "ReduceMean", {2, 3}, axes({1})).read().outputs[0].dims, (Dims{2, 1}));
}

TEST(OnnxReader, SplitOfOpset11) {
    File file(11);
    file.input("x", {7}).output("b");
    set_ints(file.node("Split", {"x"}, {"a", "b"}), "split", {3, 4});
    const Graph graph = file.read();
    EXPECT_EQ(integer_parameter(graph, 1), (Dims{3, 4}));
    EXPECT_EQ(graph.outputs[0].dims, (Dims{4}));
}

TEST(OnnxReader, UpsampleAndResizeOfOpset10) {
    for (const auto& [opset, op] : {std::pair(9, "Upsample"), std::pair(10, "Resize")}) {
        File file(opset);
        file.input("x", {1, 2, 3, 4}).output("y");
        file.initializer("scales", {4}, {1, 1, 2, 3});
        set_text(file.node(op, {"x", "scales"}, {"y"}), "mode", "linear");
        const Graph graph = file.read();
        const Node& node = graph.nodes[0];
        EXPECT_EQ(node.op, Op::Resize);
        EXPECT_EQ(node.inputs, (std::vector<std::string>{"x", "", "scales"}));
        EXPECT_EQ(node.get_string("coordinate_transformation_mode", ""), "asymmetric");
        EXPECT_EQ(node.get_string("nearest_mode", ""), "floor");
        EXPECT_EQ(graph.outputs[0].dims, (Dims{1, 2, 6, 12}));
    }
}

TEST(OnnxReader, EmptyTensorsMarkInputsOfResizeThatAreLeftOut) {
    File file(11);
    file.input("x", {1, 2, 3, 4}).output("y");
    file.initializer("none", {0}, {});
    file.integers("sizes", {1, 2, 6, 6});
    file.node("Resize", {"x", "none", "none", "sizes"}, {"y"});
    const Graph graph = file.read();
    EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string>{"x", "", "", "sizes"}));
    EXPECT_EQ(graph.parameter("none"), nullptr);
}

TEST(OnnxReader, SoftmaxOfOpset11CoversAllDimensionsFromTheAxis) {
    const Graph graph = one_node(11, "Softmax", {2, 3, 4}, [](File&, onnx::NodeProto&) {}).read();
    std::vector<Op> ops;
    for (const Node& node : graph.nodes) ops.push_back(node.op);
    EXPECT_EQ(ops, (std::vector<Op>{Op::Shape, Op::Flatten, Op::Softmax, Op::Reshape}));
    EXPECT_EQ(graph.outputs[0].dims, (Dims{2, 3, 4}));
    const Graph last = one_node(11, "Softmax", {2, 3}, [](File&, onnx::NodeProto& node) {
                           set_int(node, "axis", -1);
                       }).read();
    EXPECT_EQ(last.nodes.size(), 1u);
}

TEST(OnnxReader, DropoutIsIdentity) {
    File file(12);
    file.input("x", {2}).output("y");
    file.initializer("ratio", {}, {0.5f});
    file.node("Dropout", {"x", "ratio"}, {"y", "mask"});
    const Graph graph = file.read();
    EXPECT_EQ(graph.nodes[0].op, Op::Identity);
    EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string>{"x"}));
    EXPECT_EQ(graph.nodes[0].outputs, (std::vector<std::string>{"y"}));
}

TEST(OnnxReader, ConstantNodesAreParameters) {
    File file(13);
    file.input("x", {2}).output("y");
    file.node("Add", {"x", "a"}, {"z"});
    file.node("Add", {"z", "b"}, {"y"});
    set_float(file.node("Constant", {}, {"a"}), "value_float", 3);
    auto& value = *file.node("Constant", {}, {"b"}).add_attribute();
    value.set_name("value_floats");
    value.set_type(onnx::AttributeProto::FLOATS);
    value.add_floats(1);
    value.add_floats(2);
    const Graph graph = file.read();
    EXPECT_EQ(graph.nodes.size(), 2u);
    EXPECT_EQ(*graph.parameter("a"), Tensor::scalar(3.f));
    EXPECT_EQ(*graph.parameter("b"), Tensor::of({2}, std::vector<float>{1, 2}));
}

TEST(OnnxReader, NodesNeedNotBeSorted) {
    File file(13);
    file.input("x", {2}).output("y");
    file.node("Exp", {"z"}, {"y"});
    file.node("Relu", {"x"}, {"z"});
    EXPECT_EQ(file.read().nodes[0].op, Op::Relu);
}

TEST(OnnxReader, InitializersThatAreInputsAreParameters) {
    File file(9);
    file.model.set_ir_version(3);
    file.input("x", {2}).input("p", {2}).output("y");
    file.initializer("p", {2}, {1, 2});
    file.node("Add", {"x", "p"}, {"y"});
    const Graph graph = file.read();
    EXPECT_EQ(graph.inputs.size(), 1u);
    EXPECT_NE(graph.parameter("p"), nullptr);
}

TEST(OnnxReader, TypedAndRawTensorsOfEveryType) {
    struct Case {
        int onnx_type;
        DataType type;
    };
    for (const Case& c :
         {Case{1, DataType::f32}, Case{2, DataType::u8}, Case{3, DataType::i8},
          Case{6, DataType::i32}, Case{7, DataType::i64}, Case{9, DataType::boolean},
          Case{10, DataType::f16}, Case{11, DataType::f64}, Case{16, DataType::bf16}}) {
        const Tensor expected = Tensor::of({2}, std::vector<float>{0, 1}).cast(c.type);
        for (const bool raw : {false, true}) {
            File file(13);
            file.input("x", {1}).output("y");
            auto& tensor = file.initializer("t", {2}, {});
            tensor.set_data_type(c.onnx_type);
            const bool half = c.type == DataType::f16;
            if (raw) {
                tensor.set_raw_data(expected.bytes().data(), expected.bytes().size());
            } else if (c.type == DataType::f32) {
                tensor.add_float_data(0), tensor.add_float_data(1);
            } else if (c.type == DataType::f64) {
                tensor.add_double_data(0), tensor.add_double_data(1);
            } else if (c.type == DataType::i64) {
                tensor.add_int64_data(0), tensor.add_int64_data(1);
            } else {
                tensor.add_int32_data(0);
                tensor.add_int32_data(half ? 0x3c00 : c.type == DataType::bf16 ? 0x3f80 : 1);
            }
            file.node("Identity", {"t"}, {"y"});
            // What computes in f16 or bf16 is computed in f32.
            const bool widened = half || c.type == DataType::bf16;
            EXPECT_EQ(*file.read().parameter("t"),
                      widened ? expected.cast(DataType::f32) : expected)
                << to_string(c.type) << raw;
        }
    }
}

TEST(OnnxReader, MetadataAndDynamicExtents) {
    File file(13);
    file.input("x", {-1, 3}).output("y");
    file.graph()
        .mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(1)
        ->set_dim_param("width");
    file.node("Relu", {"x"}, {"y"});
    auto& entry = *file.model.add_metadata_props();
    entry.set_key("a");
    entry.set_value("b");
    const Graph graph = file.read();
    EXPECT_EQ(graph.inputs[0].dims, (Dims{-1, -1}));
    EXPECT_EQ(graph.metadata, (std::map<std::string, std::string>{{"a", "b"}}));
}

TEST(OnnxReader, AnUnknownOperatorIsNamedWithAllOthersThatAreMissing) {
    File file(13);
    file.input("x", {2}).output("y");
    file.node("Relu", {"x"}, {"a"});
    file.node("Einsum", {"a"}, {"b"});
    file.node("Loop", {"b"}, {"c"});
    file.node("Fancy", {"c"}, {"d"}).set_domain("com.example");
    file.node("Einsum", {"d"}, {"y"});
    EXPECT_THAT(
        message_of(file),
        HasSubstr("node 'the Einsum' (Einsum): the operator is not supported, nor are Loop, "
                  "com.example.Fancy (supported: "));
}

TEST(OnnxReader, NodesMayHaveTheSameName) {
    File file(9);
    file.input("x", {2}).output("y");
    set_float(file.node("Clip", {"x"}, {"a"}), "max", 6);
    set_float(file.node("Clip", {"a"}, {"y"}), "max", 5);
    const Graph graph = file.read();
    ASSERT_EQ(graph.nodes.size(), 2u);
    EXPECT_NE(graph.nodes[0].name, graph.nodes[1].name);
    EXPECT_EQ(*graph.parameter(graph.nodes[0].inputs[2]), Tensor::scalar(6.f));
    EXPECT_EQ(*graph.parameter(graph.nodes[1].inputs[2]), Tensor::scalar(5.f));
}

/// A function f(a; alpha) = LeakyRelu(a; alpha) + a, in a domain of its own.
onnx::FunctionProto& add_function(File& file) {
    file.model.add_opset_import()->set_domain("local");
    auto& function = *file.model.add_functions();
    function.set_name("f");
    function.set_domain("local");
    function.add_opset_import()->set_version(13);
    function.add_input("a");
    function.add_output("b");
    function.add_attribute("alpha");
    auto& first = *function.add_node();
    first.set_op_type("LeakyRelu");
    first.add_input("a");
    first.add_output("t");
    auto& alpha = *first.add_attribute();
    alpha.set_name("alpha");
    alpha.set_type(onnx::AttributeProto::FLOAT);
    alpha.set_ref_attr_name("alpha");
    auto& second = *function.add_node();
    second.set_op_type("Add");
    second.add_input("t");
    second.add_input("a");
    second.add_output("b");
    return function;
}

TEST(OnnxReader, LocalFunctionsAreInlined) {
    File file(13);
    add_function(file);
    file.input("x", {2}).output("y");
    auto& first = file.node("f", {"x"}, {"t"});  // "t" is also a name inside the function
    first.set_domain("local");
    set_float(first, "alpha", 0.25f);
    file.node("f", {"t"}, {"y"}).set_domain("local");
    const Graph graph = file.read();
    ASSERT_EQ(graph.nodes.size(), 4u);
    EXPECT_EQ(graph.nodes[0].get_float("alpha", 0), 0.25f);
    EXPECT_FALSE(graph.nodes[2].has("alpha")) << "not given, the operator's default";
    EXPECT_EQ(graph.nodes[1].inputs, (std::vector<std::string>{graph.nodes[0].outputs[0], "x"}));
    EXPECT_EQ(graph.nodes[3].inputs, (std::vector<std::string>{graph.nodes[2].outputs[0], "t"}));
    EXPECT_EQ(graph.nodes[3].outputs[0], "y");
}

TEST(OnnxReader, FunctionsThatCallThemselvesOrExplodeAreRefused) {
    File file(13);
    auto& function = add_function(file);
    function.mutable_node(0)->set_op_type("f");
    function.mutable_node(0)->set_domain("local");
    file.input("x", {2}).output("y");
    file.node("f", {"x"}, {"y"}).set_domain("local");
    EXPECT_THAT(message_of(file), HasSubstr("nested more than"));

    File bomb(13);
    bomb.model.add_opset_import()->set_domain("local");
    for (int level = 0; level < 30; ++level) {
        auto& doubling = *bomb.model.add_functions();
        doubling.set_name(core::concat("f", level));
        doubling.set_domain("local");
        doubling.add_opset_import()->set_version(13);
        doubling.add_input("a");
        doubling.add_output("b");
        for (const auto& [from, to] : {std::pair{"a", "t"}, std::pair{"t", "b"}}) {
            auto& node = *doubling.add_node();
            node.set_op_type(level == 0 ? "Relu" : core::concat("f", level - 1));
            if (level > 0) node.set_domain("local");
            node.add_input(from);
            node.add_output(to);
        }
    }
    bomb.input("x", {2}).output("y");
    bomb.node("f29", {"x"}, {"y"}).set_domain("local");
    EXPECT_THAT(message_of(bomb), HasSubstr("with its functions the graph has more than"));
}

TEST(OnnxReader, AConstantChoosesTheBranchOfAnIf) {
    for (const bool condition : {true, false}) {
        File file(13);
        file.input("x", {2}).output("y");
        auto& constant = file.initializer("condition", {}, {});
        constant.set_data_type(onnx::TensorProto::BOOL);
        constant.add_int32_data(condition ? 1 : 0);
        auto& node = file.node("If", {"condition"}, {"chosen"});
        for (const bool then : {true, false}) {
            auto& attribute = *node.add_attribute();
            attribute.set_name(then ? "then_branch" : "else_branch");
            attribute.set_type(onnx::AttributeProto::GRAPH);
            auto& branch = *attribute.mutable_g();
            auto& weight = *branch.add_initializer();
            weight.set_name("w");
            weight.set_data_type(onnx::TensorProto::FLOAT);
            weight.add_float_data(then ? 1 : 2);
            auto& add = *branch.add_node();
            add.set_op_type(then ? "Add" : "Mul");
            add.add_input("x");  // of the graph outside
            add.add_input("w");
            add.add_output("r");
            branch.add_output()->set_name("r");
        }
        file.node("Relu", {"chosen"}, {"y"});
        const Graph graph = file.read();
        ASSERT_EQ(graph.nodes.size(), 2u);
        EXPECT_EQ(graph.nodes[0].op, condition ? Op::Add : Op::Mul);
        EXPECT_EQ(graph.nodes[0].outputs[0], "chosen");
        EXPECT_EQ(*graph.parameter(graph.nodes[0].inputs[1]),
                  Tensor::scalar(condition ? 1.f : 2.f));
    }
}

TEST(OnnxReader, ModelsInF16ComputeInF32) {
    File file(13);
    file.input("x", {1, 2}).output("y");
    file.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
        onnx::TensorProto::FLOAT16);
    auto& weight = file.initializer("w", {2}, {});
    weight.set_data_type(onnx::TensorProto::FLOAT16);
    weight.add_int32_data(0x3c00);
    weight.add_int32_data(0xc000);
    file.node("Mul", {"x", "w"}, {"a"});
    set_int(file.node("Cast", {"a"}, {"y"}), "to", 10);
    const Graph graph = file.read();
    EXPECT_EQ(graph.inputs[0].type, DataType::f32);
    EXPECT_EQ(graph.outputs[0].type, DataType::f32);
    EXPECT_EQ(*graph.parameter("w"), Tensor::of({2}, std::vector<float>{1, -2}));
}

TEST(OnnxReader, QuantisedConvolutionsAreConvolutionsOfNumbers) {
    File file(13);
    file.input("x", {1, 1, 2, 2}).output("y");
    const auto bytes = [&](const std::string& name, const Dims& dims,
                           const std::vector<int>& values, int type) {
        auto& tensor = file.initializer(name, dims, {});
        tensor.set_data_type(type);
        for (const int value : values) tensor.add_int32_data(value);
    };
    file.initializer("s", {}, {0.5f});
    bytes("z", {}, {128}, onnx::TensorProto::UINT8);
    bytes("w", {2, 1, 1, 1}, {1, -1}, onnx::TensorProto::INT8);
    file.initializer("ws", {2}, {0.25f, 0.5f});
    bytes("wz", {2}, {0, 0}, onnx::TensorProto::INT8);
    bytes("b", {2}, {4, 8}, onnx::TensorProto::INT32);
    file.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    file.node("QLinearConv", {"q", "s", "z", "w", "ws", "wz", "s", "z", "b"}, {"y"});
    const Graph graph = file.read();
    EXPECT_EQ(graph.outputs[0].type, DataType::u8);
    EXPECT_EQ(graph.outputs[0].dims, (Dims{1, 2, 2, 2}));
}

TEST(OnnxReader, RefusalsNameNodeOperatorAndWhatIsSupported) {
    const auto relu = [](File&, onnx::NodeProto&) {};
    EXPECT_THAT(message_of(one_node(13, "Einsum", {2}, relu)),
                AllOf(HasSubstr("test.onnx: node 'the Einsum' (Einsum)"), HasSubstr("HardSwish"),
                      HasSubstr("not supported")));
    EXPECT_THAT(message_of(one_node(13, "HardSwish", {2}, relu)),
                HasSubstr("node 'the HardSwish' (HardSwish): the operator needs opset 14"));
    EXPECT_THAT(
        message_of(one_node(13, "Relu", {2},
                            [](File&, onnx::NodeProto& node) { node.set_domain("com.example"); })),
        HasSubstr("'the Relu' (com.example.Relu): the operator is not supported"));
    EXPECT_THAT(
        message_of(one_node(13, "Relu", {2},
                            [](File&, onnx::NodeProto& node) { set_int(node, "beta", 1); })),
        AllOf(HasSubstr("'the Relu' (Relu): attribute 'beta'"), HasSubstr("supported: none")));
    EXPECT_THAT(message_of(one_node(13, "If", {2}, relu)),
                HasSubstr("'the If' (If): its condition is no constant"));
    File training(14);
    training.input("x", {1, 3}).output("y");
    training.initializer("p", {3}, {1, 1, 1});
    set_int(training.node("BatchNormalization", {"x", "p", "p", "p", "p"}, {"y"}), "training_mode",
            1);
    EXPECT_THAT(message_of(training),
                HasSubstr("'the BatchNormalization' (BatchNormalization): training_mode"));
    EXPECT_THAT(message_of(one_node(13, "Resize", {1, 3},
                                    [](File& file, auto& node) {
                                        file.initializer("scales", {2}, {2, 2});
                                        node.add_input("");
                                        node.add_input("scales");
                                        set_text(node, "mode", "quintic");
                                    })),
                AllOf(HasSubstr("'the Resize' (Resize): mode 'quintic'"), HasSubstr("linear")));
    EXPECT_THAT(message_of(one_node(13, "Cast", {2},
                                    [](File&, onnx::NodeProto& node) { set_int(node, "to", 8); })),
                HasSubstr("'the Cast' (Cast): element type 8"));
}

TEST(OnnxReader, RefusesOpsetsAndPartsThatItDoesNotKnow) {
    const auto nothing = [](File&, onnx::NodeProto&) {};
    EXPECT_THAT(message_of(one_node(6, "Relu", {2}, nothing)), HasSubstr("opset 6"));
    EXPECT_THAT(message_of(one_node(24, "Relu", {2}, nothing)), HasSubstr("7 to 23"));
    EXPECT_THAT(message_of(one_node(13, "Relu", {2},
                                    [](File& file, auto&) { file.model.clear_opset_import(); })),
                HasSubstr("which opset"));
    EXPECT_THAT(message_of(one_node(
                    13, "Relu", {2},
                    [](File& file, auto&) {
                        file.graph().add_sparse_initializer()->mutable_values()->set_name("s");
                    })),
                HasSubstr("tensor 's'"));
    EXPECT_THAT(message_of(one_node(
                    13, "Relu", {2},
                    [](File& file, auto&) {
                        file.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
                    })),
                HasSubstr("value 'x' is not a tensor"));
    EXPECT_THAT(
        message_of(one_node(
            13, "Relu", {2},
            [](File& file, auto&) {
                file.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
            })),
        HasSubstr("value 'x'"));
}

TEST(OnnxReader, RefusesBrokenGraphs) {
    const auto broken = [](auto change) { return message_of(one_node(13, "Relu", {2}, change)); };
    EXPECT_THAT(broken([](File&, auto& node) { node.set_input(0, "missing"); }),
                HasSubstr("node 'the Relu' (Relu): input 'missing'"));
    EXPECT_THAT(broken([](File&, auto& node) { node.set_input(0, "y"); }),
                HasSubstr("node 'the Relu' (Relu): the node needs its own output"));
    EXPECT_THAT(broken([](File&, auto& node) { node.set_output(0, "x"); }),
                HasSubstr("output 'x' has the name of another value"));
    EXPECT_THAT(broken([](File&, auto& node) { node.clear_output(); }), HasSubstr("'the Relu'"));
    EXPECT_THAT(broken([](File& file, auto&) { file.graph().clear_output(); }),
                HasSubstr("no output"));
    EXPECT_THAT(broken([](File& file, auto&) { file.output("z"); }),
                HasSubstr("nothing computes the graph's output 'z'"));
    EXPECT_THAT(broken([](File& file, auto&) { file.input("x", {2}); }), HasSubstr("input 'x'"));
    EXPECT_THAT(broken([](File& file, auto&) {
                    file.initializer("t", {2}, {1, 2});
                    file.initializer("t", {2}, {1, 2});
                }),
                HasSubstr("tensor 't' is there twice"));
    EXPECT_THAT(broken([](File& file, auto&) {
                    file.graph()
                        .mutable_input(0)
                        ->mutable_type()
                        ->mutable_tensor_type()
                        ->mutable_shape()
                        ->mutable_dim(0)
                        ->set_dim_value(0);
                }),
                HasSubstr("extent of zero"));
}

TEST(OnnxReader, RefusesBrokenTensors) {
    const auto broken = [](auto change) {
        return message_of(one_node(13, "Relu", {2}, [&](File& file, auto&) {
            change(file.initializer("t", {2, 2}, {1, 2, 3, 4}));
        }));
    };
    EXPECT_EQ(broken([](auto&) {}), "no error");
    EXPECT_THAT(broken([](auto& tensor) { tensor.set_dims(0, 3); }),
                HasSubstr("tensor 't': a tensor f32[3, 2] needs 24 bytes, not 16"));
    EXPECT_THAT(broken([](auto& tensor) { tensor.set_dims(0, -2); }), HasSubstr("negative"));
    EXPECT_THAT(broken([](auto& tensor) {
                    tensor.set_dims(0, Integer{1} << 40);
                    tensor.set_dims(1, Integer{1} << 40);
                }),
                HasSubstr("tensor 't'"));
    EXPECT_THAT(broken([](auto& tensor) { tensor.set_data_type(8); }),
                HasSubstr("element type 8 is not supported"));
    EXPECT_THAT(broken([](auto& tensor) { tensor.clear_float_data(); }),
                HasSubstr("needs 16 bytes, not 0"));
    EXPECT_THAT(broken([](auto& tensor) {
                    for (int i = 0; i < 8; ++i) tensor.add_dims(1);
                }),
                HasSubstr("10 dimensions"));
}

TEST(OnnxReader, RefusesWhatIsNoModel) {
    const auto code = [](const Bytes& bytes) {
        return error_of([&] { parse_onnx(bytes, "bad"); });
    };
    EXPECT_EQ(code({}).first, ErrorCode::malformed);
    EXPECT_THAT(code({}).second, HasSubstr("bad: this is not an ONNX model"));
    EXPECT_EQ(code({'h', 'e', 'l', 'l', 'o'}).first, ErrorCode::malformed);
    std::mt19937 random(1);
    for (int i = 0; i < 1000; ++i) {
        Bytes bytes(random() % 300);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        EXPECT_THROW(parse_onnx(bytes, "random"), Error);
    }
}

TEST(OnnxReader, RefusesEveryTruncation) {
    const Bytes bytes = serialize_onnx(test::tiny_model());
    for (std::size_t size = 0; size < bytes.size(); size += 97)
        EXPECT_THROW(parse_onnx(std::span(bytes).first(size), "cut"), Error) << size;
}

TEST(OnnxReader, LimitsAreCheckedBeforeAnythingIsBuilt) {
    OnnxReadOptions options;
    options.max_nodes = 2;
    const Bytes bytes = serialize_onnx(test::tiny_model());
    const auto code = error_of([&] { parse_onnx(bytes, "big", options); });
    EXPECT_EQ(code.first, ErrorCode::too_large);
    options = {};
    options.max_file_bytes = 100;
    EXPECT_EQ(error_of([&] { parse_onnx(bytes, "big", options); }).first, ErrorCode::too_large);
    // Twenty million empty nodes, two bytes each, would take gigabytes.
    std::string graph;
    for (int i = 0; i < 20'000'000; ++i) graph += {'\x0a', '\0'};
    Bytes bomb = {0x08, 0x08, 0x3a, 0x80, 0xb4, 0x89, 0x13};  // 40,000,000 as a varint
    bomb.insert(bomb.end(), graph.begin(), graph.end());
    EXPECT_EQ(error_of([&] { parse_onnx(bomb, "bomb"); }).first, ErrorCode::too_large);
}

/// A model whose only weight is outside: y = x + w.
class ExternalWeights : public testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directory(folder_ / std::string("model"));
        core::write_file(folder_ / "model/weights.bin", std::string(4, 'x') + std::string(8, '\0'));
        core::write_file(folder_ / "secret.bin", std::string(64, 's'));
    }

    std::string read(const std::vector<std::pair<std::string, std::string>>& entries) {
        File file(13);
        file.input("x", {2}).output("y");
        auto& tensor = file.initializer("w", {2}, {});
        tensor.set_data_location(onnx::TensorProto::EXTERNAL);
        for (const auto& [key, value] : entries) {
            auto& entry = *tensor.add_external_data();
            entry.set_key(key);
            entry.set_value(value);
        }
        file.node("Add", {"x", "w"}, {"y"});
        const std::string path = folder_ / "model/model.onnx";
        core::write_file(path, file.bytes());
        return error_of([&] { weight_ = *read_onnx(path).parameter("w"); }).second;
    }

    test::TempDir folder_;
    Tensor weight_;
};

TEST_F(ExternalWeights, AreReadFromBesideTheModel) {
    EXPECT_EQ(read({{"location", "weights.bin"}, {"offset", "4"}, {"length", "8"}}), "no error");
    EXPECT_EQ(weight_, Tensor::of({2}, std::vector<float>{0, 0}));
    EXPECT_EQ(read({{"location", "weights.bin"}, {"offset", "4"}}), "no error");
}

TEST_F(ExternalWeights, AreRefusedOutsideTheFolder) {
    std::filesystem::create_symlink("../secret.bin", folder_ / "model/link.bin");
    for (const std::string& location :
         {std::string("../secret.bin"), folder_ / "secret.bin", std::string("link.bin"),
          std::string("sub/../../secret.bin"), std::string()})
        EXPECT_THAT(read({{"location", location}}),
                    AllOf(HasSubstr("tensor 'w'"), HasSubstr("not inside the model's folder")))
            << location;
    EXPECT_THAT(read({{"location", "."}}), HasSubstr("regular file"));
}

TEST_F(ExternalWeights, AreRefusedWhereBytesAreMissing) {
    EXPECT_THAT(read({{"location", "none.bin"}}), HasSubstr("'none.bin'"));
    EXPECT_THAT(read({{"location", "weights.bin"}, {"offset", "5"}}), HasSubstr("ends at 12"));
    EXPECT_THAT(read({{"location", "weights.bin"}, {"offset", "9223372036854775807"}}),
                HasSubstr("ends at 12"));
    EXPECT_THAT(read({{"location", "weights.bin"}, {"offset", "-1"}}), HasSubstr("no offset"));
    EXPECT_THAT(read({{"location", "weights.bin"}, {"length", "4"}}), HasSubstr("needs 8 bytes"));
}

TEST_F(ExternalWeights, AreRefusedFromMemory) {
    read({{"location", "weights.bin"}, {"offset", "4"}});
    const Bytes bytes = core::read_file(folder_ / "model/model.onnx");
    EXPECT_EQ(error_of([&] { parse_onnx(bytes, "memory"); }).first, ErrorCode::unsupported);
}

TEST(OnnxReader, AMissingFileIsAnIoError) {
    EXPECT_EQ(error_of([] { read_onnx("/nowhere/model.onnx"); }).first, ErrorCode::io);
}

/// Operators in forms that every opset has. The parameters that are attributes in
/// old opsets are named as the reader names them.
Graph all_old_forms() {
    Graph graph;
    graph.name = "old";
    graph.inputs = {{"x", DataType::f32, {-1, 4, 6, 8}}};
    graph.metadata = {{"key", "value"}, {"empty", ""}};
    const auto integers = [&](const std::string& name, const Dims& values) {
        graph.parameters[name] = Tensor::of({static_cast<Integer>(values.size())}, values);
        return name;
    };
    const auto scalar = [&](const std::string& name, float value) {
        graph.parameters[name] = Tensor::scalar(value);
        return name;
    };
    graph.parameters["resize/scales"] = Tensor::of({4}, std::vector<float>{1, 1, 2, 2});
    graph.parameters["weight"] = Tensor::of({5, 96}, std::vector<float>(480, 0.5f));
    graph.parameters["bias"] = Tensor::of({5}, std::vector<float>(5, 1.f));
    graph.add(Op::Clip, "clip", {"x", scalar("clip/min", 0), scalar("clip/max", 6)});
    graph.add(Op::Pad, "pad",
              {"clip", integers("pad/pads", {0, 0, 1, 0, 0, 0, 1, 0}), scalar("pad/value", 2)});
    graph.add(Op::Slice, "slice",
              {"pad", integers("slice/starts", {1}), integers("slice/ends", {7}),
               integers("slice/axes", {2})});
    graph.add(Op::Resize, "resize", {"slice", "", "resize/scales"},
              {{"mode", "nearest"},
               {"coordinate_transformation_mode", "asymmetric"},
               {"nearest_mode", "floor"}});
    graph.nodes.push_back({"split",
                           Op::Split,
                           {"resize", integers("split/split", {1, 3})},
                           {"first", "rest"},
                           {{"axis", Integer{1}}}});
    graph.nodes.push_back({"halves",
                           Op::Split,
                           {"rest"},
                           {"left", "right"},
                           {{"axis", Integer{2}}, {"num_outputs", Integer{2}}}});
    graph.add(Op::ReduceMean, "mean", {"left", integers("mean/axes", {1})},
              {{"keepdims", Integer{0}}});
    graph.add(Op::Unsqueeze, "unsqueeze", {"mean", integers("unsqueeze/axes", {1})});
    graph.add(Op::Squeeze, "squeeze", {"unsqueeze", integers("squeeze/axes", {1})});
    graph.add(Op::Flatten, "flatten", {"squeeze"});
    graph.add(Op::Gemm, "gemm", {"flatten", "weight", "bias"}, {{"transB", Integer{1}}});
    graph.add(Op::Softmax, "softmax", {"gemm"}, {{"axis", Integer{-1}}});
    graph.outputs = {{"softmax", DataType::f32, {-1, 5}}};
    return graph;
}

TEST(OnnxWriter, ReadingGivesBackWhatWasWrittenInEveryOpset) {
    const Graph graph = all_old_forms();
    for (int opset = kMinOpset; opset <= kMaxOpset; ++opset) {
        SCOPED_TRACE(opset);
        EXPECT_EQ(parse_onnx(serialize_onnx(graph, {opset, false}), "again"), graph);
    }
    const Graph tiny = test::tiny_model();
    for (int opset = 14; opset <= kMaxOpset; ++opset)
        EXPECT_EQ(parse_onnx(serialize_onnx(tiny, {opset, false}), "again"), tiny) << opset;
}

TEST(OnnxWriter, RefusesFormsThatTheOpsetDoesNotHave) {
    const auto refusal = [](int opset, const Graph& graph) {
        const auto [code, message] = error_of([&] { serialize_onnx(graph, {opset, false}); });
        EXPECT_EQ(code, ErrorCode::unsupported) << message;
        return message;
    };
    EXPECT_THAT(refusal(13, test::tiny_model()), HasSubstr("(HardSwish): the operator needs"));
    EXPECT_THAT(refusal(6, all_old_forms()), HasSubstr("opset 6"));
    EXPECT_THAT(refusal(24, all_old_forms()), HasSubstr("7 to 23"));

    Graph graph = all_old_forms();
    graph.nodes[3].attributes["coordinate_transformation_mode"] = "half_pixel";
    EXPECT_THAT(refusal(10, graph), HasSubstr("node 'resize' (Resize)"));
    graph = all_old_forms();
    graph.nodes.back().attributes["axis"] = Integer{0};
    EXPECT_THAT(refusal(12, graph), HasSubstr("node 'softmax' (Softmax)"));
    graph = all_old_forms();
    graph.nodes[9].attributes["axis"] = Integer{-2};
    EXPECT_THAT(refusal(10, graph), HasSubstr("node 'flatten' (Flatten)"));
    graph = all_old_forms();
    graph.nodes[10].inputs.pop_back();
    EXPECT_THAT(refusal(10, graph), HasSubstr("node 'gemm' (Gemm)"));
    graph = all_old_forms();
    graph.nodes[5].inputs[0] = "resize";
    graph.nodes[6].attributes["noop_with_empty_axes"] = Integer{1};
    EXPECT_THAT(refusal(17, graph), HasSubstr("node 'mean' (ReduceMean)"));
}

TEST(OnnxWriter, HalfSizeWeightsAreCastToF32) {
    Graph graph;
    graph.name = "two convolutions";
    graph.inputs = {{"x", DataType::f32, {-1, 128, -1, -1}}};
    const auto constant = [&](const std::string& name, Dims dims, float value) {
        const auto count = static_cast<std::size_t>(element_count(dims));
        graph.parameters[name] = Tensor::of(dims, std::vector<float>(count, value));
    };
    constant("weight", {128, 128, 1, 1}, 0.5f);
    constant("small", {1, 128, 1, 1}, 0.5f);
    constant("bias", {1}, 0.5f);
    graph.add(Op::Conv, "a", {"x", "weight"});
    graph.add(Op::Conv, "b", {"a", "small", "bias"});
    graph.outputs = {{"b", DataType::f32, {-1, 1, -1, -1}}};
    const Graph half = parse_onnx(serialize_onnx(graph, {17, true}), "half");
    EXPECT_EQ(half.nodes.size(), graph.nodes.size() + 1);
    EXPECT_EQ(half.nodes[0].op, Op::Cast);
    EXPECT_EQ(half.parameter("weight/f16")->cast(DataType::f32), *graph.parameter("weight"));
    EXPECT_EQ(*half.parameter("small"), *graph.parameter("small"));
    EXPECT_EQ(*half.parameter("bias"), *graph.parameter("bias"));
    EXPECT_LT(serialize_onnx(graph, {17, true}).size(), serialize_onnx(graph).size());

    constant("weight", {128, 128, 1, 1}, 7e4f);  // beyond the range of f16
    EXPECT_EQ(parse_onnx(serialize_onnx(graph, {17, true}), "large"), graph);
}

TEST(OnnxWriter, WritesAFileThatReadsBack) {
    const test::TempDir folder;
    const Graph graph = test::tiny_model();
    write_onnx(graph, folder / "tiny.onnx");
    EXPECT_EQ(read_onnx(folder / "tiny.onnx"), graph);
    EXPECT_THROW(write_onnx(graph, folder / "none/tiny.onnx"), Error);
}

}  // namespace
}  // namespace dbnet::model
