// The runtime API as programs see it that bring their own HTTP (workspace.md 10.4): every route, its status
// codes, and who is let in. Against the real runner, over real connections.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/hook_kit.h"

namespace maand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using End = HookResult::End;

// `ask(method, path, body, **headers)` prints `STATUS body`, without any help of maand.py: it is known by its
// connection alone.
constexpr const char* kAsk =
    "import http.client, json, os, sys, threading, time\n"
    "PORT = int(os.environ['JOB_COMMAND_API_PORT'])\n"
    "TOKEN = os.environ.pop('MAAND_HOOK_TOKEN')\n"
    "def ask(method, path, body=None, headers={}, say=True):\n"
    "    c = http.client.HTTPConnection('127.0.0.1', PORT)\n"
    "    c.request(method, path, body if body is None or isinstance(body, str) else json.dumps(body), "
    "headers)\n"
    "    r = c.getresponse()\n"
    "    text = r.read().decode().strip()\n"
    "    if say: print(r.status, text)\n"
    "    return r.status, text\n"
    "V, S = 'vars/job/api', 'secrets/job/api'\n";

std::string output_of(HookWorld& world, const std::string& program) {
  std::string output;
  run(world, world.call(kAsk + program), &output);
  return output;
}

TEST(hook_api, each_route_answers_what_the_original_answers) {
  struct Row {
    const char* ask;
    const char* answer;  // begins so
  };
  const Row rows[] = {
      {"'GET', '/kv', {'namespace': 'maand/bucket', 'key': 'bucket_id'}",
       R"(200 {"key":"bucket_id","namespace":"maand/bucket","value":"b-1"})"},
      {"'GET', '/kv', {'NameSpace': V, 'Key': 'empty'}", R"(200 {"key":"empty","namespace":"vars/job/api"})"},
      {"'GET', '/kv', {'namespace': V, 'key': 'no'}", "404 there is no key no"},
      {"'GET', '/kv', {'namespace': S, 'key': 'no'}", "404"},
      {"'GET', '/kv', {'namespace': 'vars/job/db', 'key': 'a'}", "400 the namespace vars/job/db"},
      {"'GET', '/kv', {'namespace': V}", "400 the field key"},
      {"'GET', '/kv', {'namespace': None, 'key': 'a'}", "400 the field namespace"},
      {"'GET', '/kv'", "400 the request has no body"},
      {"'GET', '/kv', '{'", "400 the body is no JSON object"},
      {"'GET', '/kv', '[1]'", "400 the body is no JSON object"},
      {"'GET', '/kv', {'namespace': V, 'key': 3}", "400 the field key of the body is no text"},
      {"'PUT', '/kv', {'namespace': V, 'key': 'k', 'value': '  v '}", "200"},
      {"'GET', '/kv', {'namespace': V, 'key': 'k'}",
       R"(200 {"key":"k","namespace":"vars/job/api","value":"v"})"},
      {"'PUT', '/kv', {'namespace': V, 'key': 'k', 'value': '  '}", "400 the field value"},
      {"'PUT', '/kv', {'namespace': V, 'key': 'k'}", "400 the field value"},
      {"'PUT', '/kv', {'namespace': S, 'key': 'k', 'value': 'v'}", "400"},
      {"'PUT', '/kv', {'namespace': 'maand/bucket', 'key': 'k', 'value': 'v'}", "400"},
      {"'PUT', '/kv/secret', {'namespace': S, 'key': 's', 'value': ' keep '}", "200"},
      {"'GET', '/kv', {'namespace': S, 'key': 's'}",
       R"(200 {"key":"s","namespace":"secrets/job/api","value":" keep "})"},
      {"'PUT', '/kv/secret', {'namespace': V, 'key': 's', 'value': 'v'}", "400"},
      {"'PUT', '/kv/secret', {'namespace': S, 'key': 's', 'value': ''}", "400"},
      {"'GET', '/kv/keys', {}",
       R"(200 {"namespaces":{"secrets/job/api":["s"],"vars/job/api":["empty","k"]}})"},
      {"'GET', '/kv/keys', {'namespace': V}", R"(200 {"namespaces":{"vars/job/api":["empty","k"]}})"},
      {"'GET', '/kv/keys', {'namespace': 'maand/bucket'}", "400"},
      {"'GET', '/kv/keys'", "400 the request has no body"},
      {"'DELETE', '/kv', {'namespace': V, 'key': 'k'}", "200"},
      {"'DELETE', '/kv', {'namespace': V, 'key': 'k'}", "404"},
      {"'DELETE', '/kv', {'namespace': S, 'key': 's'}", "400"},
      {"'DELETE', '/kv/secret', {'namespace': S, 'key': 's'}", "200"},
      {"'DELETE', '/kv/secret', {'namespace': S, 'key': 's'}", "404"},
      {"'DELETE', '/kv', {'namespace': 'vars/bucket', 'key': 'k'}", "400"},
      {"'GET', '/demands'",
       R"(200 [{"command":"command_d","demand_config":{"min_version":"1"},"job":"web"}])"},
      {"'POST', '/semaphore/acquire', {'capacity': 2}", "400 the semaphore has no name"},
      {"'POST', '/semaphore/acquire', {'name': 'a', 'capacity': 65}",
       "409 a semaphore has a capacity of at most 64"},
      {"'POST', '/semaphore/acquire', {'name': 'a', 'capacity': 2}",
       R"(200 {"acquired":true,"allocation_id":"2f0c7a1e-8f5d-5a44-9a52-6a3a4b1f1a10","capacity":2,"name":"a"})"},
      {"'POST', '/semaphore/acquire', {'name': 'a', 'capacity': 2}", "200"},
      {"'POST', '/semaphore/acquire', {'name': 'a'}", "409 the semaphore \"a\" has a capacity of 2"},
      {"'GET', '/semaphore/status?name=a'",
       R"(200 {"available":1,"capacity":2,"holders":["2f0c7a1e-8f5d-5a44-9a52-6a3a4b1f1a10"],"name":"a","waiting":0})"},
      {"'GET', '/semaphore/status?name=b'",
       R"(200 {"available":1,"capacity":1,"holders":null,"name":"b","waiting":0})"},
      {"'GET', '/semaphore/status'", "400 the semaphore has no name"},
      {"'POST', '/semaphore/release', {'name': 'a'}", "200"},
      {"'POST', '/semaphore/release', {'name': 'a'}", "409 the semaphore \"a\" is not held"},
      {"'POST', '/semaphore/release', {}", "400"},
      {"'POST', '/kv', {}", "405 /kv takes GET, PUT and DELETE"},
      {"'GET', '/semaphore/acquire'", "405"},
      {"'PATCH', '/demands'", "405"},
      {"'GET', '/'", "404"},
      {"'POST', '/ssh', {'worker_ip': '10.9.9.9', 'command': 'id'}",
       "403 \"10.9.9.9\" is no worker of this bucket"},
      {"'POST', '/ssh', {'command': 'id'}", "400 the field worker_ip"},
      {"'POST', '/ssh', {'worker_ip': '10.0.0.1'}", "400 the field command"},
      {"'PUT', '/kv', {'namespace': V, 'key': 'k', 'value': 'x' * (9 << 20)}", "413"},
      {"'PUT', '/kv', {'namespace': V, 'key': 'big', 'value': '\\u20ac' * (1 << 20)}", "200"},
  };
  HookWorld world;
  world.values().give("maand/bucket", "bucket_id", "b-1");
  world.values().give("vars/job/api", "empty", "");
  std::string program = kAsk;
  for (const Row& row : rows) program += std::string("ask(") + row.ask + ")\n";
  HookCall call = world.call(program);
  call.demands = {{JobName("web"), "command_d", R"({"min_version":"1"})"}};
  std::string output;
  const HookResult result = run(world, std::move(call), &output);
  ASSERT_EQ(result.end, End::kDone) << result.detail << output;
  std::istringstream lines(output);
  for (const Row& row : rows) {
    std::string line;
    std::getline(lines, line);
    EXPECT_THAT(line, StartsWith(row.answer)) << row.ask;
  }
}

TEST(hook_api, a_value_that_cannot_be_opened_is_no_missing_one) {
  HookWorld world;
  world.values().break_store();
  EXPECT_EQ(output_of(world, "ask('GET', '/kv', {'namespace': S, 'key': 'a'})\nask('GET', '/kv/keys', {})\n"),
            "500 the store cannot be read\n500 the store cannot be read\n");
}

TEST(hook_api, headers_may_say_what_is_true_and_nothing_else) {
  struct Row {
    const char* headers;
    const char* answer;
  };
  const Row rows[] = {
      {"{}", "200"},
      {"{'X-ALLOCATION-ID': os.environ['ALLOCATION_ID'], 'EVENT': 'pre_deploy', 'COMMAND': 'command_x'}",
       "200"},
      {"{'X-Allocation-Id': '11111111-1111-5111-9111-111111111111'}",
       "403 the header X-ALLOCATION-ID claims \"11111111-1111-5111-9111-111111111111\", and this is "
       "command_x of "
       "api@10.0.0.1 in pre_deploy"},
      {"{'EVENT': 'cli'}", "403 the header EVENT claims \"cli\""},
      {"{'COMMAND': 'command_y'}", "403 the header COMMAND claims \"command_y\""},
      {"{'Authorization': 'Bearer ' + TOKEN}", "200"},
      {"{'Authorization': 'Bearer ' + TOKEN, 'EVENT': 'cli'}", "403 the header EVENT"},
      {"{'Authorization': 'Bearer ' + TOKEN[:-1] + ('0' if TOKEN[-1] != '0' else '1')}",
       "403 the token is that of no hook"},
      {"{'Authorization': 'Bearer '}", "403"},
  };
  HookWorld world;
  std::string program;
  for (const Row& row : rows)
    program += std::string("print(*ask('GET', '/kv/keys', {}, ") + row.headers + ", say=False), file=out)\n";
  program = "import io\nout = io.StringIO()\n" + program + "print('----')\nprint(out.getvalue(), end='')\n";
  const std::string output = output_of(world, program);
  std::istringstream lines(output.substr(output.find("----\n") + 5));
  for (const Row& row : rows) {
    std::string line;
    std::getline(lines, line);
    EXPECT_THAT(line, StartsWith(row.answer)) << row.headers;
  }
  // And whoever reads its output knows.
  EXPECT_THAT(output,
              HasSubstr("maand: a request to the runtime API was refused: the header EVENT claims \"cli\""));
}

TEST(hook_api, a_child_of_a_hook_is_the_hook) {
  HookWorld world;
  const std::string output = output_of(world,
                                       "ended, alive = os.pipe()\n"
                                       "if os.fork() == 0:\n"
                                       "    if os.fork() == 0:\n"
                                       "        os.setsid()\n"
                                       "        ask('GET', '/kv/keys', {})\n"
                                       "        os._exit(0)\n"
                                       "    os._exit(0)\n"
                                       "os.close(alive)\n"
                                       "os.read(ended, 1)\n");  // until the last of them has ended
  EXPECT_THAT(output, StartsWith("200 "));
}

// A request of ours to its API; what is answered.
std::string asked_from_here(int port, const std::string& headers) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string request = "GET /kv/keys HTTP/1.1\r\n" + headers + "Content-Length: 2\r\n\r\n{}";
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string out;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0) out.append(buffer, static_cast<std::size_t>(got));
  ::close(fd);
  return out;
}

TEST(hook_api, whoever_is_no_hook_is_let_in_nowhere) {
  HookWorld world;
  HookAnswer answer;
  const Hooks::Ticket ticket =
      world.hooks().run(world.call("import os, time\nprint(os.environ['JOB_COMMAND_API_PORT'], "
                                   "os.environ['MAAND_HOOK_TOKEN'], flush=True)\n"
                                   "time.sleep(3600)\n"),
                        answer.output(), answer.sink());
  ASSERT_TRUE(answer.wait_for_output("\n"));
  int port = 0;
  std::string token;
  std::istringstream(answer.text()) >> port >> token;
  EXPECT_THAT(asked_from_here(port, ""), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(
      asked_from_here(port, "X-ALLOCATION-ID: 2f0c7a1e-8f5d-5a44-9a52-6a3a4b1f1a10\r\nEVENT: pre_deploy\r\n"),
      StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(asked_from_here(port, "Authorization: Bearer " + token + "\r\n"), StartsWith("HTTP/1.1 200 "));
  world.hooks().cancel(ticket);
  answer.wait();
  // A token is worth nothing once its hook has ended.
  EXPECT_THAT(asked_from_here(port, "Authorization: Bearer " + token + "\r\n"), StartsWith("HTTP/1.1 403 "));
}

TEST(hook_api, a_semaphore_is_let_go_of_when_its_holder_ends_and_waiting_holds_up_nobody) {
  HookWorld world;
  HookAnswer holder;
  const Hooks::Ticket ticket = world.hooks().run(
      world.call(std::string(kAsk) + "ask('POST', '/semaphore/acquire', {'name': 'a'})\ntime.sleep(3600)\n"),
      holder.output(), holder.sink());
  ASSERT_TRUE(holder.wait_for_output("200"));
  // More of them wait than the API has threads.
  std::vector<HookAnswer> waiting(12);
  for (HookAnswer& one : waiting) {
    world.hooks().run(
        world.call(std::string(kAsk) + "print('asks')\nask('POST', '/semaphore/acquire', {'name': 'a'})\n"),
        one.output(), one.sink());
    ASSERT_TRUE(one.wait_for_output("asks"));
  }
  EXPECT_TRUE(in_the_end([&] {
    return output_of(world, "ask('GET', '/semaphore/status?name=a')\n").find("\"waiting\":12") !=
           std::string::npos;
  }));
  EXPECT_EQ(output_of(world, "ask('POST', '/semaphore/acquire', {'name': 'a', 'timeout_seconds': 1})\n"),
            "408 the semaphore \"a\" did not become free in time\n");
  for (const HookAnswer& one : waiting) EXPECT_EQ(one.count(), 0u);
  world.hooks().cancel(ticket);
  for (const HookAnswer& one : waiting) {
    EXPECT_EQ(one.wait().end, End::kDone);
    EXPECT_THAT(one.text(), HasSubstr("200 {\"acquired\":true"));
  }
}

TEST(hook_api, a_client_that_drips_holds_up_nobody) {
  HookWorld world;
  EXPECT_THAT(
      output_of(
          world,
          "import socket\n"
          "drips = []\n"
          "for _ in range(40):\n"
          "    s = socket.create_connection(('127.0.0.1', PORT)); s.send(b'GET /kv HT'); drips.append(s)\n"
          "ask('GET', '/kv/keys', {})\n"),
      StartsWith("200 "));
}

TEST(hook_api, a_hook_that_is_killed_while_it_writes_has_written_all_of_a_value_or_nothing) {
  HookWorld world;
  for (int round = 0; round < 5; ++round) {
    HookAnswer answer;
    const Hooks::Ticket ticket = world.hooks().run(
        world.call(std::string(kAsk) + "print('begins', flush=True)\n"
                                       "for i in range(1, 100000): ask('PUT', '/kv', {'namespace': V, 'key': "
                                       "'k', 'value': str(i) * 50000}, say=False)\n"),
        answer.output(), answer.sink());
    ASSERT_TRUE(answer.wait_for_output("begins"));
    if (round > 0) {
      ASSERT_TRUE(in_the_end([&] { return !world.values().get("vars/job/api", "k").value.empty(); }));
    }
    world.hooks().cancel(ticket);
    EXPECT_EQ(answer.wait().end, End::kCancelled);
    const std::string value = world.values().get("vars/job/api", "k").value;
    EXPECT_EQ(value.size() % 50000, 0u);
    // It is answered: from now on nothing changes.
    output_of(world, "for _ in range(20): ask('GET', '/kv/keys', {}, say=False)\n");
    EXPECT_EQ(world.values().get("vars/job/api", "k").value, value);
  }
}

TEST(hook_api, a_port_that_somebody_has_keeps_hooks_from_running_and_is_named) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  HookOptions options = HookWorld::default_options();
  options.port = ntohs(address.sin_port);
  options.supervisor_command = {MAAND_TEST_HOOK_SUPERVISOR};
  HookRunner runner(options, nullptr);
  HookWorld world;
  const auto run_there = [&] {
    const HookAnswer answer;
    HookAnswer copy = answer;
    runner.run(world.call(""), copy.output(), copy.sink());
    return answer.wait();
  };
  const HookResult refused = run_there();
  EXPECT_EQ(refused.end, End::kNotRun);
  EXPECT_THAT(refused.detail, HasSubstr("set hooks.port to another port"));
  ::close(fd);
  EXPECT_EQ(run_there().end, End::kDone);  // it tries again
}

}  // namespace
}  // namespace maand::testing
