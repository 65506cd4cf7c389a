/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bad network between two hosts: an Ethernet device in each of two network
 * namespaces, and this process as the cable between them, with delay, jitter,
 * loss, reordering and a rate. The kernel's netem cannot be assumed. Runs until
 * SIGTERM or SIGINT, then prints what passed. */

#include "linkmodel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define FRAME_MAX 65536

typedef struct
{
  gint fd;
  LinkModel *out; /* what leaves this end */
} End;

/* Opens the TAP device @name in the network namespace at @path. */
static gint
open_tap (const gchar *path, const gchar *name)
{
  struct ifreq request = { 0 };
  gint home = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  gint there = open (path, O_RDONLY | O_CLOEXEC);
  gint fd = -1;

  if (there < 0 || setns (there, CLONE_NEWNET) != 0) {
    fprintf (stderr, "vmlink: %s: %s\n", path, g_strerror (errno));
  } else {
    fd = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
    if (fd < 0 || ioctl (fd, TUNSETIFF, &request) < 0) {
      fprintf (
          stderr, "vmlink: %s in %s: %s\n", name, path, g_strerror (errno));
      if (fd >= 0)
        close (fd);
      fd = -1;
    }
    if (setns (home, CLONE_NEWNET) != 0) {
      fprintf (stderr, "vmlink: cannot come back: %s\n", g_strerror (errno));
      fd = -1;
    }
  }
  if (there >= 0)
    close (there);
  close (home);
  return fd;
}

static void
take_in (End *end)
{
  guint8 frame[FRAME_MAX];
  gssize n;

  while ((n = read (end->fd, frame, sizeof frame)) > 0) {
    gpointer copy = g_memdup2 (frame, n);

    if (!link_model_push (end->out, g_get_monotonic_time (), n, copy))
      g_free (copy);
  }
}

static void
let_out (LinkModel *model, gint fd)
{
  gsize size;
  gpointer frame;

  while ((frame = link_model_pop (model, g_get_monotonic_time (), &size))) {
    /* a full device drops, as a cable does */
    if (write (fd, frame, size) < 0 && errno != EAGAIN && errno != EIO)
      fprintf (stderr, "vmlink: %s\n", g_strerror (errno));
    g_free (frame);
  }
}

static void
set_timer (gint timer, End ends[2])
{
  gint64 next = -1;
  struct itimerspec when = { 0 };

  for (guint i = 0; i < 2; i++) {
    gint64 at = link_model_next (ends[i].out);

    if (at >= 0 && (next < 0 || at < next))
      next = at;
  }
  if (next >= 0) {
    next = MAX (next, 1);
    when.it_value.tv_sec = next / G_USEC_PER_SEC;
    when.it_value.tv_nsec = next % G_USEC_PER_SEC * 1000;
  }
  timerfd_settime (timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
print_counts (const gchar *name, LinkModel *model)
{
  const LinkCounts *c = link_model_get_counts (model);

  printf ("%s sent=%" G_GUINT64_FORMAT " delivered=%" G_GUINT64_FORMAT
          " lost=%" G_GUINT64_FORMAT " overflowed=%" G_GUINT64_FORMAT
          " reordered=%" G_GUINT64_FORMAT " bytes=%" G_GUINT64_FORMAT
          " shortest=%" G_GINT64_FORMAT " longest=%" G_GINT64_FORMAT "\n",
      name, c->sent, c->delivered, c->lost, c->overflowed, c->reordered,
      c->bytes, c->shortest, c->longest);
}

static gint
run (End ends[2])
{
  sigset_t signals;
  gint stop, timer;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  sigprocmask (SIG_BLOCK, &signals, NULL);
  stop = signalfd (-1, &signals, SFD_CLOEXEC);
  timer = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  printf ("ready\n");
  fflush (stdout);
  for (;;) {
    struct pollfd fds[] = { { ends[0].fd, POLLIN }, { ends[1].fd, POLLIN },
      { timer, POLLIN }, { stop, POLLIN } };
    guint64 expired;

    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      return 1;
    if (fds[3].revents)
      break;
    if (fds[2].revents && read (timer, &expired, sizeof expired) < 0
        && errno != EAGAIN)
      return 1;
    take_in (&ends[0]);
    take_in (&ends[1]);
    let_out (ends[0].out, ends[1].fd);
    let_out (ends[1].out, ends[0].fd);
    set_timer (timer, ends);
  }
  print_counts ("a->b", ends[0].out);
  print_counts ("b->a", ends[1].out);
  return 0;
}

gint
main (gint argc, gchar **argv)
{
  gint delay = 0, jitter = 0, queue = LINK_QUEUE_DEFAULT, seed = 1;
  gint64 rate = 0;
  gdouble loss = 0, reorder = 0;
  g_autofree gchar *device = NULL;
  const GOptionEntry entries[] = {
    { "device", 'i', 0, G_OPTION_ARG_STRING, &device,
        "name of the device at both ends (eth1)", "NAME" },
    { "delay", 'd', 0, G_OPTION_ARG_INT, &delay, "delay each way", "MS" },
    { "jitter", 'j', 0, G_OPTION_ARG_INT, &jitter, "more or less delay", "MS" },
    { "loss", 'l', 0, G_OPTION_ARG_DOUBLE, &loss, "packets lost", "PERCENT" },
    { "reorder", 'r', 0, G_OPTION_ARG_DOUBLE, &reorder, "packets that overtake",
        "PERCENT" },
    { "rate", 'b', 0, G_OPTION_ARG_INT64, &rate, "rate each way (0: any)",
        "BITS/S" },
    { "queue", 'q', 0, G_OPTION_ARG_INT, &queue, "waiting for the rate",
        "BYTES" },
    { "seed", 's', 0, G_OPTION_ARG_INT, &seed, "of the random numbers", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (
      "NETNS-A NETNS-B - a bad network between two hosts");
  g_autoptr (GError) error = NULL;
  End ends[2];
  gint status;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 3) {
    fprintf (stderr, "vmlink: %s; try --help\n",
        error ? error->message : "two network namespaces are needed");
    return 2;
  }
  for (guint i = 0; i < 2; i++) {
    LinkConfig config = { delay, jitter, loss / 100, reorder / 100, rate, queue,
      seed + i };

    ends[i].fd = open_tap (argv[i + 1], device ? device : "eth1");
    ends[i].out = link_model_new (&config);
    if (ends[i].fd < 0)
      return 1;
  }
  status = run (ends);
  for (guint i = 0; i < 2; i++) {
    close (ends[i].fd);
    link_model_free (ends[i].out);
  }
  return status;
}
