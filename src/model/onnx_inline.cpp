#include "model/onnx_inline.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/error.hpp"
#include "model/operators.hpp"

// A body has names of its own: those of its inputs stand for the caller's values, those of its
// outputs for the caller's outputs, and all others get the caller's name in front if they are
// taken.
namespace dbnet::model {
namespace {

using google::protobuf::RepeatedPtrField;

constexpr int kMaxDepth = 32;
/// Nodes and calls that may be expanded per node that the graph may have.
constexpr std::int64_t kVisitsPerNode = 2;

/// FunctionProto has defaults for attributes since ONNX 1.13; the headers may be older.
template <typename Function>
const onnx::AttributeProto* default_attribute(const Function& function, const std::string& name) {
    if constexpr (requires { function.attribute_proto(); })
        for (const onnx::AttributeProto& attribute : function.attribute_proto())
            if (attribute.name() == name) return &attribute;
    return nullptr;
}

class Inliner {
public:
    Inliner(onnx::ModelProto& model, std::int64_t max_nodes)
        : model_(model), max_nodes_(max_nodes) {
        for (const onnx::FunctionProto& function : model.functions())
            functions_[{domain_of(function.domain()), function.name()}] = &function;
        opset_ = opset_of(model.opset_import(), 0);
        const onnx::GraphProto& graph = model.graph();
        for (const auto& input : graph.input()) taken_.insert(input.name());
        for (const auto& tensor : graph.initializer()) {
            taken_.insert(tensor.name());
            note_constant(tensor.name(), tensor);
        }
        for (const onnx::NodeProto& node : graph.node())
            taken_.insert(node.output().begin(), node.output().end());
    }

    std::vector<FlatNode> run() {
        // Taken out, because branches add initializers to the graph.
        RepeatedPtrField<onnx::NodeProto> nodes;
        nodes.Swap(model_.mutable_graph()->mutable_node());
        const Scope scope{nullptr, nullptr, nullptr, {}, opset_, 0};
        for (const onnx::NodeProto& node : nodes) expand(node, scope);
        return std::move(flat_);
    }

private:
    using Names = std::unordered_map<std::string, std::string>;
    struct Scope {
        const Scope* outer;  ///< whose names an If's branch sees
        const onnx::FunctionProto* function;
        const onnx::NodeProto* call;  ///< of the function
        Names names;
        int opset;
        int depth;
    };

    static std::string domain_of(const std::string& domain) {
        return domain == "ai.onnx" ? "" : domain;
    }

    static int opset_of(const RepeatedPtrField<onnx::OperatorSetIdProto>& imports, int otherwise) {
        for (const auto& import : imports)
            if (domain_of(import.domain()).empty()) {
                if (import.version() < kMinOpset || import.version() > kMaxOpset)
                    core::fail(ErrorCode::unsupported, "opset ", import.version(),
                               " is not supported (supported: ", kMinOpset, " to ", kMaxOpset, ")");
                return static_cast<int>(import.version());
            }
        return otherwise;
    }

    template <typename... Args>
    [[noreturn]] static void fail(ErrorCode code, const onnx::NodeProto& node,
                                  const Args&... args) {
        const std::string name =
            node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
        core::fail(code, "node '", name, "' (", node.op_type(), "): ", args...);
    }

    void expand(const onnx::NodeProto& node, const Scope& scope) {
        if (scope.depth > kMaxDepth)
            fail(ErrorCode::too_large, node, "functions and branches are nested more than ",
                 kMaxDepth, " deep");
        if (++visited_ > kVisitsPerNode * max_nodes_)
            core::fail(ErrorCode::too_large, "with its functions the graph has more than ",
                       max_nodes_, " nodes");
        const auto function = functions_.find({domain_of(node.domain()), node.op_type()});
        if (function != functions_.end())
            return call(*function->second, resolved(node, scope), scope);
        if (node.op_type() == "If" && domain_of(node.domain()).empty())
            return choose(node, resolved(node, scope), scope);
        onnx::NodeProto flat = resolved(node, scope);
        if (flat.op_type() == "Constant" && flat.output_size() == 1)
            for (const onnx::AttributeProto& attribute : flat.attribute())
                if (attribute.has_t()) note_constant(flat.output(0), attribute.t());
        flat_.push_back({std::move(flat), scope.opset == 0 ? opset_ : scope.opset});
    }

    /// The node with the names and attributes that it has outside its body.
    onnx::NodeProto resolved(const onnx::NodeProto& node, const Scope& scope) const {
        onnx::NodeProto result = node;
        for (std::string& input : *result.mutable_input()) input = outside(input, scope);
        for (std::string& output : *result.mutable_output()) output = outside(output, scope);
        if (scope.call != nullptr && !result.name().empty())
            result.set_name(caller(*scope.call) + "/" + result.name());
        auto& attributes = *result.mutable_attribute();
        for (int i = attributes.size(); i-- > 0;) {
            const std::string reference = attributes[i].ref_attr_name();
            if (reference.empty()) continue;
            const std::string name = attributes[i].name();
            const onnx::AttributeProto* given = argument(reference, scope);
            if (given == nullptr) {
                attributes.DeleteSubrange(i, 1);
                continue;
            }
            attributes[i] = *given;
            attributes[i].set_name(name);
        }
        return result;
    }

    static std::string caller(const onnx::NodeProto& call) {
        if (!call.name().empty()) return call.name();
        return call.output_size() > 0 ? call.output(0) : call.op_type();
    }

    /// What the call of the innermost function says under that name.
    static const onnx::AttributeProto* argument(const std::string& name, const Scope& scope) {
        const Scope* inner = &scope;
        while (inner->function == nullptr && inner->outer != nullptr) inner = inner->outer;
        if (inner->function == nullptr) return nullptr;
        for (const onnx::AttributeProto& attribute : inner->call->attribute())
            if (attribute.name() == name) return &attribute;
        return default_attribute(*inner->function, name);
    }

    static std::string outside(const std::string& name, const Scope& scope) {
        if (name.empty()) return name;
        for (const Scope* inner = &scope; inner != nullptr; inner = inner->outer) {
            const auto found = inner->names.find(name);
            if (found != inner->names.end()) return found->second;
        }
        return name;
    }

    /// A name for a value of a body.
    std::string fresh(const std::string& name, const onnx::NodeProto& caller_node) {
        std::string result = taken_.contains(name) ? caller(caller_node) + "/" + name : name;
        while (!taken_.insert(result).second) result += '_';
        return result;
    }

    void name_locals(const RepeatedPtrField<onnx::NodeProto>& nodes, const onnx::NodeProto& node,
                     Names& names) {
        for (const onnx::NodeProto& inner : nodes)
            for (const std::string& output : inner.output())
                if (!output.empty() && !names.contains(output)) names[output] = fresh(output, node);
    }

    void call(const onnx::FunctionProto& function, const onnx::NodeProto& node,
              const Scope& scope) {
        if (node.input_size() > function.input_size() ||
            node.output_size() > function.output_size())
            fail(ErrorCode::malformed, node, "the function takes ", function.input_size(),
                 " inputs and has ", function.output_size(), " outputs");
        Scope inner{nullptr,        &function, &node, {}, opset_of(function.opset_import(), opset_),
                    scope.depth + 1};
        for (int i = 0; i < function.input_size(); ++i)
            inner.names[function.input(i)] = i < node.input_size() ? node.input(i) : "";
        for (int i = 0; i < function.output_size(); ++i)
            bind_output(function.output(i), i < node.output_size() ? node.output(i) : "", node,
                        inner);
        name_locals(function.node(), node, inner.names);
        for (const onnx::NodeProto& body : function.node()) expand(body, inner);
    }

    /// The body's output under the caller's name; one that is an input of the body, or an output
    /// twice, is copied.
    void bind_output(const std::string& local, const std::string& wanted,
                     const onnx::NodeProto& node, Scope& inner) {
        if (wanted.empty()) return;
        const auto [entry, added] = inner.names.emplace(local, wanted);
        if (!added) add_copy(entry->second, wanted, node);
    }

    void add_copy(const std::string& from, const std::string& to, const onnx::NodeProto& node) {
        onnx::NodeProto copy;
        copy.set_op_type("Identity");
        copy.set_name(caller(node) + "/" + to);
        copy.add_input(from);
        copy.add_output(to);
        flat_.push_back({std::move(copy), opset_});
    }

    /// `node` has the outer names; its branches still have their own.
    void choose(const onnx::NodeProto& original, const onnx::NodeProto& node, const Scope& scope) {
        const auto condition =
            node.input_size() == 1 ? constants_.find(node.input(0)) : constants_.end();
        if (condition == constants_.end())
            fail(ErrorCode::unsupported, node,
                 "its condition is no constant (supported: If with a constant condition)");
        const char* const wanted = condition->second ? "then_branch" : "else_branch";
        for (const onnx::AttributeProto& attribute : original.attribute())
            if (attribute.name() == wanted && attribute.has_g())
                return take_branch(attribute.g(), node, scope);
        fail(ErrorCode::malformed, node, "it has no ", wanted);
    }

    void take_branch(const onnx::GraphProto& branch, const onnx::NodeProto& node,
                     const Scope& scope) {
        if (node.output_size() > branch.output_size())
            fail(ErrorCode::malformed, node, "the branch has ", branch.output_size(), " outputs");
        Scope inner{&scope, nullptr, nullptr, {}, scope.opset, scope.depth + 1};
        std::unordered_set<std::string> made;
        for (const onnx::NodeProto& body : branch.node())
            made.insert(body.output().begin(), body.output().end());
        for (const onnx::TensorProto& tensor : branch.initializer()) {
            onnx::TensorProto& added = *model_.mutable_graph()->add_initializer();
            added = tensor;
            added.set_name(inner.names[tensor.name()] = fresh(tensor.name(), node));
            note_constant(added.name(), added);
        }
        for (int i = 0; i < node.output_size(); ++i) {
            const std::string& local = branch.output(i).name();
            if (made.contains(local))
                bind_output(local, node.output(i), node, inner);
            else
                add_copy(outside(local, inner), node.output(i), node);
        }
        name_locals(branch.node(), node, inner.names);
        for (const onnx::NodeProto& body : branch.node()) expand(body, inner);
    }

    /// Remembers what a boolean of one element is.
    void note_constant(const std::string& name, const onnx::TensorProto& tensor) {
        if (tensor.data_type() != onnx::TensorProto::BOOL) return;
        if (tensor.has_raw_data() && tensor.raw_data().size() == 1)
            constants_[name] = tensor.raw_data()[0] != 0;
        else if (tensor.int32_data_size() == 1)
            constants_[name] = tensor.int32_data(0) != 0;
    }

    onnx::ModelProto& model_;
    std::int64_t max_nodes_;
    std::int64_t visited_ = 0;  ///< nodes of bodies, calls included, and of the graph
    int opset_ = 0;
    std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*> functions_;
    std::unordered_set<std::string> taken_;
    std::unordered_map<std::string, bool> constants_;
    std::vector<FlatNode> flat_;
};

}  // namespace

std::vector<FlatNode> inline_bodies(onnx::ModelProto& model, std::int64_t max_nodes) {
    return Inliner(model, max_nodes).run();
}

}  // namespace dbnet::model
