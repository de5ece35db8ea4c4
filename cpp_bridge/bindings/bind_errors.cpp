#include "errors.hpp"

#include <pybind11/stl/filesystem.h>

#include "bindings.hpp"

namespace py = pybind11;

namespace infusion {
namespace {

const char* name_of(Fault fault) {
    switch (fault) {
        case Fault::input: return "input";
        case Fault::output: return "output";
        default: return "memory";
    }
}

}  // namespace

// Python sees BridgeError(fault, message, path), fault being "input", "output" or "memory".
void bind_errors(py::module_& module) {
    static PyObject* type = py::exception<BridgeError>(module, "BridgeError").release().ptr();
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const BridgeError& error) {
            const auto args = py::make_tuple(name_of(error.fault()), error.what(), error.path());
            PyErr_SetObject(type, args.ptr());
        }
    });
}

}  // namespace infusion
