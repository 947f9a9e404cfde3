/* SPDX-License-Identifier: MIT */
/* rtmpdump: plays a stream into a file. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/dump_file.h"
#include "tools/dump_progress.h"
#include "tools/suite_options.h"

enum { MS_PER_SECOND = 1000, READ_SIZE = 64 * 1024, SPARE_MS = 5000 };

/* Scripts rely on the values. */
enum status { DONE = 0, FAILED = 1, INCOMPLETE = 2, NOT_CONNECTED = 3 };

struct dump {
	struct slu_suite_options options;
	struct slu_dump_file file;
	struct slu_dump_progress progress;
	RTMP *r;
	uint32_t from; /* milliseconds */
	bool resuming; /* the first frame that comes has to be the last of the file */
	char buffer[READ_SIZE];
};

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
	RTMP_UserInterrupt();
}

/* The first one ends the download in order, the second the process. Whoever ignores one, as nohup does, goes on so. */
static void take_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- a download ---- */

/* A stream that is longer than the buffer is said to be could be held up by the server. */
static void fit_buffer(struct dump *d)
{
	double ms = d->progress.duration * MS_PER_SECOND + SPARE_MS;

	if (d->options.buffer_given || d->r->m_nBufferMS >= ms - SPARE_MS || ms > INT32_MAX)
		return;
	RTMP_Log(RTMP_LOGDEBUG, "The stream is longer than the buffer, which is made %.0f ms", ms);
	RTMP_SetBufferMS(d->r, (int)ms);
	RTMP_UpdateBufferMS(d->r);
}

/* The server's clock begins where it was told to begin. */
static void expect_frame(struct dump *d)
{
	RTMP_READ *m = &d->r->m_read;

	m->nResumeTS = d->from;
	if (!d->resuming)
		return;
	m->flags |= RTMP_READ_RESUME;
	m->initialFrameType = d->file.tail.type;
	m->initialFrame = (char *)d->file.tail.frame;
	m->nInitialFrameSize = (uint32_t)d->file.tail.size;
	m->metaHeader = (char *)d->file.tail.metadata;
	m->nMetaHeaderSize = (uint32_t)d->file.tail.metadata_size;
}

/* What came last; below 0: why there is no more. */
static int transfer(struct dump *d, bool *written)
{
	int n;

	*written = true;
	do {
		n = RTMP_Read(d->r, d->buffer, sizeof d->buffer);
		if (n > 0)
			RTMP_LogHexString(RTMP_LOGDEBUG2, (uint8_t *)d->buffer, (unsigned long)n);
		if (n > 0 && !slu_dump_file_write(&d->file, d->buffer, (size_t)n)) {
			*written = false;
			return n;
		}
		if (n > 0 && d->progress.duration <= 0) {
			d->progress.duration = RTMP_GetDuration(d->r);
			fit_buffer(d);
		}
		if (n > 0)
			slu_dump_progress_show(&d->progress, d->file.size, d->r->m_read.timestamp);
	} while (n >= 0 && !RTMP_ctrlC && d->r->m_read.status != RTMP_READ_EOF && RTMP_IsConnected(d->r) &&
		 !RTMP_IsTimedout(d->r));
	return n < 0 ? d->r->m_read.status : n;
}

static enum status download(struct dump *d)
{
	bool whole, written;
	int last;

	d->r->m_read.timestamp = d->from;
	if (slu_dump_progress_is_over(&d->progress, d->from))
		return DONE;
	slu_dump_progress_begin(&d->progress, &d->options, d->file.size, d->from);
	last = transfer(d, &written);
	if (!written)
		return RTMP_ctrlC ? INCOMPLETE : FAILED;
	slu_dump_progress_end(&d->progress, d->file.size, d->r->m_read.timestamp);
	RTMP_Log(RTMP_LOGDEBUG, "RTMP_Read returned: %d", last);
	if (d->resuming && last == RTMP_READ_ERROR) {
		RTMP_Log(RTMP_LOGERROR, "It cannot be resumed there: try --skip %ld", d->options.skip + 1);
		return FAILED;
	}
	if (last == RTMP_READ_COMPLETE)
		return DONE;
	whole = d->progress.duration <= 0 || d->progress.percent >= SLU_DUMP_WHOLE;
	return whole && !RTMP_ctrlC && last >= 0 && !RTMP_IsTimedout(d->r) ? DONE : INCOMPLETE;
}

/* ---- a session ---- */

static bool is_past_stop(const struct dump *d)
{
	if (d->options.stop_ms <= 0 || d->options.stop_ms > (long)d->from)
		return false;
	RTMP_LogPrintf("Already Completed\n");
	return true;
}

static enum status play(struct dump *d)
{
	RTMP_Log(RTMP_LOGDEBUG, "Setting buffer time to: %dms", d->r->m_nBufferMS);
	RTMP_LogPrintf("Connecting ...\n");
	if (!RTMP_Connect(d->r, NULL))
		return RTMP_ctrlC ? INCOMPLETE : NOT_CONNECTED;
	RTMP_Log(RTMP_LOGINFO, "Connected...");
	if (is_past_stop(d))
		return DONE;
	if (!RTMP_ConnectStream(d->r, (int)d->from))
		return RTMP_ctrlC ? INCOMPLETE : FAILED;
	expect_frame(d);
	return download(d);
}

/* It is past the frame that was resumed at. */
static enum status go_on(struct dump *d, bool asked)
{
	d->resuming = false;
	if (asked)
		return download(d);
	RTMP_Log(RTMP_LOGERROR, "The stream cannot be resumed");
	return RTMP_IsTimedout(d->r) ? INCOMPLETE : FAILED;
}

/* The server is asked for the stream anew, from where it was. */
static enum status play_anew(struct dump *d)
{
	d->from = d->r->m_pauseStamp;
	d->r->m_read.nResumeTS = d->from;
	if (is_past_stop(d))
		return DONE;
	return go_on(d, RTMP_ReconnectStream(d->r, (int)d->from));
}

/* Silent servers are told to pause and to go on; those that still are, or were told so already, are asked once more. */
static enum status session(struct dump *d)
{
	enum { PAUSED_AND_ON = 3 }; /* of m_pausing: no frame has come since */
	enum status status = play(d);
	bool anew = false;

	while (status == INCOMPLETE && RTMP_IsTimedout(d->r) && !d->options.live && !RTMP_ctrlC && !anew) {
		anew = d->r->m_pausing == PAUSED_AND_ON;
		RTMP_LogPrintf("Connection timed out, trying to resume.\n\n");
		status = anew ? play_anew(d) : go_on(d, RTMP_ToggleStream(d->r));
	}
	return status;
}

static void tell(const struct dump *d, enum status status)
{
	if (caught)
		RTMP_LogPrintf("Caught signal: %d, cleaning up, just a second...\n", (int)caught);
	if (status == DONE)
		RTMP_LogPrintf("Download complete\n");
	else if (status == INCOMPLETE)
		RTMP_LogPrintf("Download may be incomplete (downloaded about %.2f%%), try resuming\n",
			       d->progress.percent);
}

/* ---- what it begins with ---- */

static void ignore_resume(struct slu_suite_options *o, const char *what)
{
	if (o->resume)
		RTMP_Log(RTMP_LOGWARNING, "--resume is ignored: %s cannot be gone on with", what);
	o->resume = false;
}

static void warn(struct slu_suite_options *o)
{
	if (!o->output)
		RTMP_Log(RTMP_LOGWARNING, "No output file is given (-o FILE): it is standard output");
	if (slu_dump_file_is_stdout(o->output))
		ignore_resume(o, "standard output");
	if (o->live)
		ignore_resume(o, "a live stream");
	if (o->skip && !o->resume)
		RTMP_Log(RTMP_LOGWARNING, "--skip is ignored without --resume");
	if (o->resume && o->start_ms) {
		RTMP_Log(RTMP_LOGWARNING, "--start is ignored: what is resumed begins where the file ends");
		o->start_ms = 0;
	}
}

/* Where the stream is to begin, which is known before the server is asked. */
static bool open_file(struct dump *d)
{
	if (!slu_dump_file_open(&d->file, d->options.output))
		return false;
	d->from = (uint32_t)d->options.start_ms;
	if (!d->options.resume)
		return true;
	if (!slu_dump_file_resume(&d->file, (unsigned long)d->options.skip))
		return false;
	d->resuming = d->file.tail.type != 0;
	d->from = d->resuming ? d->file.tail.timestamp : 0;
	d->progress.duration = d->file.duration;
	return true;
}

static enum status run(struct dump *d)
{
	enum status status = FAILED;

	warn(&d->options);
	if (!slu_suite_apply(&d->options, d->r))
		return FAILED;
	/* A URL with options may say it, too. */
	d->options.live = (d->r->Link.lFlags & RTMP_LF_LIVE) != 0;
	if (d->options.live)
		ignore_resume(&d->options, "a live stream");
	if (open_file(d)) {
		status = session(d);
		tell(d, status);
	}
	RTMP_Close(d->r);
	if (!slu_dump_file_close(&d->file) && status == DONE)
		status = FAILED;
	return status;
}

int main(int argc, char **argv)
{
	struct dump *d = calloc(1, sizeof *d);
	int status = FAILED;

	if (!d)
		return FAILED;
	d->r = RTMP_Alloc();
	if (!d->r)
		goto done;
	RTMP_Init(d->r);
	take_signals();
	RTMP_LogSetLevel(RTMP_LOGINFO);
	slu_suite_init(&d->options, SLU_SUITE_RTMPDUMP);
	if (!slu_suite_is_quiet(SLU_SUITE_RTMPDUMP, argc, argv))
		RTMP_LogPrintf("RTMPDump v2.4 (Sluice " SLU_VERSION ")\n\n");
	status = slu_suite_parse(&d->options, SLU_SUITE_RTMPDUMP, argc, argv);
	if (status < 0)
		status = slu_suite_complete(&d->options) ? (int)run(d) : FAILED;
	slu_suite_clear(&d->options);
done:
	RTMP_Free(d->r);
	free(d);
	return status;
}
