/* worker.h: runs blocking work off the engine's thread. */
#ifndef LB_PORTS_WORKER_H
#define LB_PORTS_WORKER_H

struct lb_work {
	void (*execute)(struct lb_work *work); /* on a worker thread */
	void (*done)(struct lb_work *work);    /* later, on the engine's thread, exactly once */
};

struct lb_worker;

struct lb_worker_impl {
	/* work: borrowed until done is called, which is never from inside start.
	 * One piece of work at a time: not before the last one is done. */
	void (*start)(struct lb_worker *worker, struct lb_work *work);
};

struct lb_worker {
	const struct lb_worker_impl *impl;
};

#endif
