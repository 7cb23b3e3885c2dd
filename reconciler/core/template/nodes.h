// The parsed form of a template: statements, pipelines, commands and operands.
//
// Names are resolved here: a function to its signature, a field to its number, a
// variable to the slot its declaration fills, a template to its tree. Positions are
// those of Go's nodes, so that an error names the line that Go names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/template/fields.h"
#include "reconciler/core/template/number.h"
#include "reconciler/core/template/signature.h"

namespace maand::tpl {

struct Pipe;
struct Tree;

struct FieldStep {
  Field field;
  std::string_view name;
};

// The slots that may hold a variable, innermost first. More than one where a declaration
// stands in an argument of and/or, which may never be evaluated: `{{and .X ($y := 1)}}`.
using Slots = std::vector<std::uint32_t>;

struct Operand {
  enum class Kind : std::uint8_t {
    kBool,
    kNumber,
    kString,
    kNil,
    kDot,
    kField,
    kVariable,
    kChain,
    kFunction,
    kPipe
  };

  Kind kind = Kind::kNil;
  bool truth = false;  // kBool
  std::size_t pos = 0;
  std::string_view source;               // literals, kFunction, kVariable: as written
  std::string text;                      // kString: its value
  std::unique_ptr<Number> number;        // kNumber
  const Signature* signature = nullptr;  // kFunction
  Slots slots;                           // kVariable; empty: declared nowhere that was evaluated before
  std::vector<FieldStep> fields;         // kField, kVariable, kChain
  std::unique_ptr<Pipe> pipe;            // kPipe
  std::unique_ptr<Operand> base;         // kChain: what the fields are taken from
};

struct Command {
  std::size_t pos = 0;
  std::vector<Operand> operands;  // never empty
  // and/or: the slots declared in the arguments, which start unset.
  std::uint32_t first_slot = 0, end_slot = 0;
};

struct Declaration {
  std::string_view name;
  Slots slots;  // of a declaration one; of an assignment those it may mean
};

struct Pipe {
  std::size_t pos = 0;
  bool assigns = false;
  std::vector<Declaration> declarations;
  std::vector<Command> commands;  // never empty
};

struct Statement;
using Body = std::vector<Statement>;

// `{{if pipe}} body`, and each `{{else if pipe}} body` after it.
struct Branch;

struct Statement {
  enum class Kind : std::uint8_t { kText, kAction, kIf, kWith, kRange, kTemplate, kBreak, kContinue };

  Kind kind = Kind::kText;
  bool has_else = false;
  std::size_t pos = 0;
  std::string_view text;         // kText
  std::unique_ptr<Pipe> pipe;    // kAction, kRange; kTemplate when it has one
  Body body;                     // kRange
  std::vector<Branch> branches;  // kIf, kWith
  Body else_body;                // kIf, kWith, kRange
  std::string name;              // kTemplate
  const Tree* tree = nullptr;    // kTemplate; nullptr: nobody defines it
};

struct Branch {
  Pipe pipe;
  Body body;
};

struct Tree {
  std::string name;
  Body body;
  std::uint32_t slots = 1;  // slot 0 is $
};

// As Go prints them in its errors; made from the source, never from values.
std::string describe(const Operand& operand);
std::string describe(const Command& command);
std::string describe(const Pipe& pipe);
std::string describe(const Statement& statement);  // its head only

// White space and comments only: may be defined anew.
bool is_blank(const Body& body);

}  // namespace maand::tpl
