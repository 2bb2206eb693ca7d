#pragma once

#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "engine/backend.hpp"

namespace dbnet::test {

/// The same numbers from a seed on every platform.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::int64_t integer(std::int64_t low, std::int64_t high);  ///< low..high
    float real(float low, float high);
    bool chance(double probability);
    template <typename T>
    T pick(std::initializer_list<T> options) {
        return options.begin()[integer(0, static_cast<std::int64_t>(options.size()) - 1)];
    }

private:
    std::mt19937_64 engine_;
};

/// A graph and values to run it on.
struct GraphCase {
    std::string name;
    model::Graph graph;
    std::vector<engine::Buffer> inputs;
};

/// The inputs and nodes as lines of text, for the message of a failed test.
std::string describe(const GraphCase& graph_case);

/// An f32 buffer of random numbers.
engine::Buffer random_buffer(Random& random, const model::Dims& dims, float low, float high);

/// Writes a graph with random numbers in it, node by node; values are known by their names.
class GraphBuilder {
public:
    explicit GraphBuilder(std::uint64_t seed) : random(seed) {}

    /// An f32 input of the graph with a value for it; each extent but the channels' (axis 1) is
    /// declared dynamic or not by chance.
    std::string input(const model::Dims& dims, float low = -1, float high = 1);
    std::string parameter(const model::Dims& dims, float low = -1, float high = 1);
    /// Parameters that are lists of given numbers.
    std::string integers(const std::vector<std::int64_t>& values);
    std::string reals(const std::vector<float>& values);
    std::string constant(model::Tensor value);
    /// A node of one output.
    std::string add(model::Op op, std::vector<std::string> inputs,
                    std::map<std::string, model::Attribute> attributes = {});
    /// A node of several outputs.
    std::vector<std::string> add_many(model::Op op, std::vector<std::string> inputs,
                                      std::size_t outputs,
                                      std::map<std::string, model::Attribute> attributes = {});
    void output(const std::string& value, model::DataType type = model::DataType::f32);

    /// Makes constants of some of the graph's inputs, perhaps of all.
    void fix_some_inputs();

    GraphCase finish(std::string name);

    Random random;
    /// Whether parameter() may return one that is there already, of the same extents and range.
    bool shares_parameters = false;

private:
    std::string fresh(std::string_view kind);

    using Range = std::tuple<model::Dims, float, float>;
    GraphCase case_;
    std::map<Range, std::string> parameters_;
    int values_ = 0;
};

}  // namespace dbnet::test
