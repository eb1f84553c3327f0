#include "compute/sandbox.hpp"

#include <cerrno>
#include <csignal>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "compute/network_testing.hpp"
#include "compute/processes.hpp"

namespace trainyard::compute {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kLongMs = 30'000;

std::string read_line(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

std::string read_rest(int fd) {
  std::string text;
  char piece[4096];
  for (ssize_t size = 0; (size = ::read(fd, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(size));
  }
  return text;
}

class SandboxTest : public testing::Test {
 protected:
  SandboxTest() : hosts_{"algo-1", "algo-2"}, network_(folder_.path(), hosts_) {
    EXPECT_EQ(network_.answer(), "ok");
    client_ = std::make_unique<NetworkClient>(folder_.path());
    for (const auto& host : hosts_) namespaces_.push_back(client_->namespaces(host));
  }

  /// By this host's shell, on a root of its own that is a copy of little more than that.
  std::string output_on_root(const std::string& script, unsigned uid = 0,
                             const std::string& working = "/") {
    const fs::path image = folder_.path() / "image";
    if (!fs::exists(image)) make_root(image);
    SandboxSpec spec;
    spec.host = hosts_[0];
    spec.hosts = hosts_;
    spec.opt_ml = folder_.path() / hosts_[0] / "opt-ml";
    spec.scratch = folder_.path() / ("scratch-" + std::to_string(count_++));
    fs::create_directories(spec.opt_ml);
    fs::create_directories(spec.scratch);
    spec.root = {image, uid, uid, working};
    const fs::path given = folder_.path() / "given";
    spec.files = {{"/etc/given", given}, {"/link/given", given}};
    write_file_atomically(given, "given\n");
    spec.arguments = {"sh", "-c", script};
    spec.environment = {{"PATH", "/bin:/usr/bin"}};
    spec.namespaces = &namespaces_[0];
    SandboxedProgram program = run_in_sandbox(spec);
    std::string text = read_rest(program.out());
    text += read_rest(program.err());
    program.wait(kLongMs);
    return text;
  }

  /// The shell's libraries are seen at this host's paths.
  void make_root(const fs::path& image) {
    for (const char* name : {"bin", "etc", "dev", "proc", "opt"}) {
      fs::create_directories(image / name);
    }
    fs::create_symlink(folder_.path().string(), image / "link");
    write_file_atomically(image / "etc/kept", "original\n", 0600);
    for (const char* name : {"/bin/sh", "/bin/cat", "/bin/mkdir", "/bin/rm", "/usr/bin/id"}) {
      fs::copy_file(fs::canonical(name), image / "bin" / fs::path(name).filename());
      const Finished listed = run_command({"ldd", name});
      for (const std::string& word : split(replace_all(listed.out, "\n", " "), ' ')) {
        const fs::path library = trim(word);
        if (!library.is_absolute() || fs::exists(image / library.relative_path())) continue;
        fs::create_directories((image / library.relative_path()).parent_path());
        fs::copy_file(fs::canonical(library), image / library.relative_path());
      }
    }
  }

  SandboxedProgram start(const std::string& script, std::size_t host = 0,
                         SandboxMode mode = SandboxMode::bwrap) {
    SandboxSpec spec;
    spec.mode = mode;
    spec.host = hosts_[host];
    spec.hosts = hosts_;
    spec.opt_ml = folder_.path() / hosts_[host] / "opt-ml";
    spec.scratch = folder_.path() / hosts_[host] / "tmp";
    fs::create_directories(spec.opt_ml);
    fs::create_directories(spec.scratch);
    spec.program = folder_.path() / ("program-" + std::to_string(count_++));
    write_file_atomically(spec.program, "#!/bin/sh\n" + script + "\n", 0755);
    spec.environment = environment_;
    spec.arguments = {"train"};
    spec.namespaces = &namespaces_[host];
    spec.memory_bytes = memory_bytes_;
    spec.gpus = gpus_;
    spec.beside = beside_;
    spec.folders = host_folders_;
    spec.writable = writable_;
    spec.user = user_;
    return run_in_sandbox(spec);
  }
  std::string output(const std::string& script, std::size_t host = 0,
                     SandboxMode mode = SandboxMode::bwrap) {
    SandboxedProgram program = start(script, host, mode);
    std::string text = read_rest(program.out());
    std::string errors = read_rest(program.err());
    program.wait(kLongMs);
    return text + errors;
  }

  TempDir folder_;
  std::vector<std::string> hosts_;
  HeldNetwork network_;
  std::unique_ptr<NetworkClient> client_;
  std::vector<Namespaces> namespaces_;
  std::map<std::string, std::string> environment_{{"PATH", "/usr/bin:/bin"}, {"MINE", "a b"}};
  uint64_t memory_bytes_ = 0;
  int gpus_ = 0;
  std::vector<fs::path> beside_, host_folders_;
  std::map<std::string, fs::path> writable_;
  User user_;
  int count_ = 0;
};

/// A server on 0.0.0.0:7777 that tells who it is, and who came.
constexpr const char* kServer = R"(exec perl -MIO::Socket::INET -e '$| = 1;
my $s = IO::Socket::INET->new(LocalPort => 7777, Listen => 5, ReuseAddr => 1) or die $!;
print "ready\n";
while (my $c = $s->accept) { print $c "$ARGV[0] to ", $c->peerhost, "\n"; close $c;
}' $(hostname))";

std::string perl_client(const std::string& address, int port) {
  return "perl -MIO::Socket::INET -e 'my $c = IO::Socket::INET->new(PeerAddr => \"" + address +
         "\", PeerPort => " + std::to_string(port) +
         ", Timeout => 3) or do { print \"no: $!\"; exit }; print <$c>'";
}

TEST_F(SandboxTest, EachHostHasItsOwnPortsAndReachesTheOthersByName) {
  SandboxedProgram one = start(kServer, 0), two = start(kServer, 1);
  ASSERT_EQ(read_line(one.out()), "ready") << read_rest(one.err());
  ASSERT_EQ(read_line(two.out()), "ready") << read_rest(two.err());
  EXPECT_EQ(output(perl_client("algo-1", 7777), 1), "algo-1 to 10.77.0.2\n");
  EXPECT_EQ(output(perl_client("algo-2", 7777), 1), "algo-2 to 10.77.0.2\n");
  EXPECT_EQ(output(perl_client("algo-2", 7777), 0), "algo-2 to 10.77.0.1\n");
  // From outside, by the holder.
  for (const auto& host : hosts_) {
    Fd connection = client_->connect(host, 7777);
    EXPECT_THAT(read_rest(connection.get()), HasSubstr(host + " to "));
  }
  EXPECT_THROW(client_->connect("algo-1", 7778), SystemError);
  EXPECT_THROW(client_->connect("algo-3", 7777), SystemError);
}

TEST_F(SandboxTest, TheHostsNetworkIsOutOfReach) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(socket.get(), 5), 0);
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int port = ntohs(address.sin_port);
  EXPECT_THAT(output(perl_client("127.0.0.1", port)), HasSubstr("no: Connection refused"));
  EXPECT_THAT(output(perl_client("192.0.2.1", 80)), HasSubstr("no: Network is unreachable"));
}

TEST_F(SandboxTest, TheDoorListensInsideOnly) {
  Fd listening = client_->listen("algo-1", 80);
  SandboxedProgram program = start(perl_client(kDoorAddress, 80), 0);
  Fd connection(::accept(listening.get(), nullptr, nullptr));
  ASSERT_TRUE(connection);
  write_all(connection.get(), "hello", "the connection");
  connection.reset();
  EXPECT_EQ(read_rest(program.out()), "hello");
  EXPECT_THAT(output(perl_client(kDoorAddress, 80), 1), HasSubstr("no: Connection refused"));
}

TEST_F(SandboxTest, NothingOutsideIsVisible) {
  write_file_atomically(folder_.path() / "secret", "secret");
  EXPECT_EQ(output("ls -d " + folder_.path().string() + " /root /home /work /etc/shadow "
                   "/etc/resolv.conf /sys 2>/dev/null; ls / | tr '\\n' ' '"),
            "bin dev etc lib " +
                std::string(fs::exists("/lib32") ? "lib32 " : "") +
                std::string(fs::exists("/lib64") ? "lib64 " : "") +
                std::string(fs::exists("/libx32") ? "libx32 " : "") +
                "opt proc run sbin tmp usr var ");
  EXPECT_EQ(output("hostname; id -u; echo $1; ls /opt/trainyard | wc -l"),
            "algo-1\n1000\ntrain\n1\n");
  EXPECT_EQ(output("env | sort | grep -v ^_="), "MINE=a b\nPATH=/usr/bin:/bin\nPWD=/opt/ml\n");
  EXPECT_EQ(output("touch /usr/x /x /etc/x /opt/trainyard/x 2>/dev/null; "
                   "touch /opt/ml/mine /tmp/mine /dev/shm/mine && ls /tmp"), "mine\n");
  EXPECT_EQ(output("ls /tmp", 1), "");
  EXPECT_TRUE(fs::exists(folder_.path() / "algo-1/opt-ml/mine"));
  EXPECT_EQ(output("echo $$; grep CapEff /proc/self/status; "
                   "grep NoNewPrivs /proc/self/status; unshare -U true 2>/dev/null || echo no"),
            "2\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nno\n");
}

TEST_F(SandboxTest, WhatIsNamedIsVisibleAndReadOnly) {
  const fs::path runtime = folder_.path() / "home/venv", modules = folder_.path() / "build/python";
  for (const fs::path& folder : {runtime, modules}) {
    fs::create_directories(folder);
    write_file_atomically(folder / "here", folder.filename().string());
  }
  beside_ = {modules};
  host_folders_ = {runtime};
  EXPECT_EQ(output("cat /opt/trainyard/python/here " + (runtime / "here").string() + "; ls " +
                   runtime.parent_path().string() + " /opt/trainyard | wc -l; for f in " +
                   runtime.string() + " /opt/trainyard/python; do touch $f/x 2>&1 | grep -c Read; "
                   "done"),
            "pythonvenv6\n1\n1\n");
  host_folders_ = {folder_.path() / "none"};
  EXPECT_THAT(output("true"), HasSubstr("none"));
}

TEST_F(SandboxTest, AHomeThatEndsHoldsAFolderThatStays) {
  const fs::path home = folder_.path() / "home", kept = folder_.path() / "kept";
  fs::create_directories(home / "mine");
  fs::create_directories(kept);
  user_ = {"ec2-user", "/home/ec2-user"};
  writable_ = {{"/home/ec2-user", home}, {"/home/ec2-user/mine", kept}};
  EXPECT_EQ(output("id -un; echo ~ec2-user; cd ~ec2-user && echo 1 > one && echo 2 > mine/two\n"
                   "ls -d /home/*; echo x 2>/dev/null > /home/x || echo closed"),
            "ec2-user\n/home/ec2-user\n/home/ec2-user\nclosed\n");
  EXPECT_EQ(read_file(home / "one"), "1\n");
  EXPECT_EQ(read_file(kept / "two"), "2\n");
  EXPECT_TRUE(fs::is_empty(home / "mine"));
}

/// As where the daemon's user has the same home.
TEST_F(SandboxTest, AHomeHidesNothingThatIsNamed) {
  const fs::path outside = folder_.path() / "somebody", home = folder_.path() / "scratch-home";
  fs::create_directories(outside / "venv");
  fs::create_directories(home);
  write_file_atomically(outside / "venv/here", "the host's\n");
  host_folders_ = {outside / "venv"};
  writable_ = {{outside.string(), home}};
  EXPECT_EQ(output("cd " + outside.string() + " && cat venv/here && echo mine > own && ls"),
            "the host's\nown\nvenv\n");
  EXPECT_FALSE(fs::exists(outside / "own"));
}

TEST_F(SandboxTest, AnEnvironmentBringsNoOptionsOfTheSandbox) {
  const auto plain = environment_;
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"A", std::string("x\0--bind\0/\0/run", 15)}, {std::string("B\0--bind", 8), "x"}}) {
    environment_ = plain;
    environment_[name] = value;
    for (SandboxMode mode : {SandboxMode::bwrap, SandboxMode::none}) {
      EXPECT_THROW(output("ls /run", 0, mode), SystemError) << name;
    }
  }
}

TEST_F(SandboxTest, GpusAreSeenByWhomTheyAreGivenTo) {
  const fs::path devices = folder_.path() / "dev";
  fs::create_directories(devices);
  for (const char* name : {"nvidia10", "nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "null"}) {
    write_file_atomically(devices / name, "");
  }
  const std::string at = devices.string() + "/nvidia";
  EXPECT_EQ(gpu_nodes(devices, 0), std::vector<std::string>());
  EXPECT_EQ(gpu_nodes(devices, 2),
            (std::vector<std::string>{at + "2", at + "3", at + "ctl", at + "-modeset", at + "-uvm",
                                      at + "-uvm-tools", at + "-caps"}));
  EXPECT_EQ(gpu_nodes(devices, 9).size(), 8u);
  const std::string list = "ls /dev | grep -c ^nvidia";
  EXPECT_EQ(output(list), "0\n");
  gpus_ = 1;  // nodes that this machine lacks are no reason not to start
  const bool any = fs::exists("/dev/nvidiactl");
  EXPECT_EQ(output(list) != "0\n", any);
}

TEST_F(SandboxTest, CeilingsHold) {
  memory_bytes_ = 200u << 20;
  EXPECT_EQ(output("ulimit -d; ulimit -c; cat /proc/self/oom_score_adj"), "204800\n0\n500\n");
  EXPECT_THAT(output("perl -e '$x = \"a\" x (400 << 20); print \"got it\"'"),
              Not(HasSubstr("got it")));
}

TEST_F(SandboxTest, TheExitStatusIsTheProgramsOwn) {
  for (SandboxMode mode : {SandboxMode::bwrap, SandboxMode::none}) {
    for (const auto& [script, status] : std::map<std::string, int>{
             {"exit 0", 0}, {"exit 7", 7}, {"kill -9 $$", 137}, {"kill -TERM $$", 143}}) {
      EXPECT_EQ(start(script, 0, mode).wait(kLongMs), status) << script;
    }
    SandboxedProgram running = start("echo up; sleep 600", 0, mode);
    read_line(running.out());
    EXPECT_EQ(running.wait(0), std::nullopt);
    running.kill();
    EXPECT_EQ(running.wait(kLongMs), 137);
  }
}

TEST_F(SandboxTest, SigtermReachesTheProgramItself) {
  for (SandboxMode mode : {SandboxMode::bwrap, SandboxMode::none}) {
    SandboxedProgram program = start(
        "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.02; done", 0, mode);
    ASSERT_EQ(read_line(program.out()), "up");
    EXPECT_TRUE(program.terminate());
    EXPECT_EQ(read_line(program.out()), "bye");
    EXPECT_EQ(program.wait(kLongMs), 5);
    EXPECT_FALSE(program.terminate());
  }
}

TEST_F(SandboxTest, NothingIsLeftRunning) {
  for (SandboxMode mode : {SandboxMode::bwrap, SandboxMode::none}) {
    // The background process keeps the pipe: its end is the end of the process.
    SandboxedProgram program = start(
        mode == SandboxMode::bwrap ? "setsid sleep 600 & setsid -f sleep 600; exit 3"
                                   : "sleep 600 & exit 3", 0, mode);
    EXPECT_EQ(program.wait(kLongMs), 3);
    pollfd entry{program.out(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, kLongMs), 1);
    EXPECT_EQ(read_rest(program.out()), "");
  }
}

TEST_F(SandboxTest, TheProgramEndsWithWhoeverStartedIt) {
  const fs::path fifo = folder_.path() / "algo-1/opt-ml/fifo";
  fs::create_directories(fifo.parent_path());
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  pid_t child = ::fork();
  if (child == 0) {  // an agent that will be killed
    SandboxedProgram program = start("echo up > /opt/ml/fifo; exec sleep 600 > /opt/ml/fifo");
    ::pause();
  }
  Fd reader(::open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(read_line(reader.get()), "up");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(read_rest(reader.get()), "");  // the end comes when nobody holds the other end
}

TEST_F(SandboxTest, WhatCannotBeStartedSaysWhy) {
  SandboxSpec spec;
  spec.mode = SandboxMode::none;
  spec.opt_ml = folder_.path();
  spec.program = folder_.path() / "not-there";
  try {
    run_in_sandbox(spec);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("not-there: exec: No such file"));
  }
}

TEST(Holder, EndsOnceEveryAgentHasComeAndGone) {
  TempDir folder;
  HeldNetwork network(folder.path(), {"algo-1", "algo-2"});
  {
    NetworkClient one(folder.path()), two(folder.path());
    one.attach("algo-1");
    two.attach("algo-2");
    EXPECT_NO_THROW(NetworkClient(folder.path()).namespaces("algo-1"));
  }
  for (;;) {
    try {
      NetworkClient(folder.path()).namespaces("algo-1");
    } catch (const SystemError&) {
      break;  // gone
    }
  }
}

TEST(Holder, AForbiddenNamespaceNamesTheWayOut) {
  TempDir folder;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  pid_t child = ::_Fork();  // without a sanitizer's thread
  if (child == 0) {  // inside a user namespace that allows no further ones
    const std::string map = "0 " + std::to_string(::geteuid()) + " 1\n";
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(9);
    write_all(Fd(::open("/proc/self/uid_map", O_WRONLY)).get(), map, "uid_map");
    write_all(Fd(::open("/proc/sys/user/max_user_namespaces", O_WRONLY)).get(), "0", "limit");
    ::_exit(run_network_holder(folder.path(), {"algo-1"}, ends[1]));
  }
  ::close(ends[1]);
  EXPECT_THAT(read_rest(ends[0]),
              testing::AllOf(HasSubstr("cannot make a user namespace"),
                             HasSubstr("--sandbox=none")));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(SandboxTest, AnImageIsItsRootAndStaysAsItIs) {
  EXPECT_EQ(output_on_root("id -u; echo $PATH; cat /etc/kept; cat /etc/given"),
            "0\n/bin:/usr/bin\noriginal\ngiven\n");
  EXPECT_EQ(output_on_root("echo other > /etc/kept; rm /bin/rm; mkdir /new; cat /etc/kept"),
            "other\n");
  EXPECT_EQ(output_on_root("cat /etc/kept; [ -e /new ] || [ ! -e /bin/rm ] || echo fresh"),
            "original\nfresh\n");
  EXPECT_EQ(output_on_root("id -u; pwd; echo x > mine && cat mine", 1001, "/srv/here"),
            "1001\n/srv/here\nx\n");
  // Nothing of this host: not its folders, and no link of the image leads there.
  EXPECT_EQ(output_on_root("for f in /usr/share /home /link/image /link/given /opt/trainyard; do "
                           "[ ! -e $f ] || echo $f; done"), "");
  EXPECT_FALSE(fs::exists(folder_.path() / "image/new"));
  EXPECT_THAT(output_on_root("cat /etc/hostname /etc/hosts"), HasSubstr("10.77.0.2 algo-2"));
}

TEST_F(SandboxTest, AnImageWhoseMountPointsAreLinksIsRefused) {
  const fs::path image = folder_.path() / "image";
  make_root(image);
  fs::remove(image / "opt");
  fs::create_symlink("/oldroot/tmp", image / "opt");
  try {
    output_on_root("true");
    ADD_FAILURE() << "it ran";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a link where /opt/ml is to be"));
  }
}

}  // namespace
}  // namespace trainyard::compute
