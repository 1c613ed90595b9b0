/* sql.h: every statement that the store runs, each prepared once and kept.
 * {control} and {sensors} stand for the original's two tables. Inside
 * stores/sqlite only. */
#ifndef LB_STORES_SQLITE_SQL_H
#define LB_STORES_SQLITE_SQL_H

/* How a control row finds its sensors. */
#define SQL_SENSORS_OF_ROW                                                                         \
	" lakebeat_sensor s on s.sensor_source = lb_word(c.sensor_source)"                         \
	" and s.sensor_id = c.sensor_id "

#define SQL_CONSUMED_OF_ROW                                                                        \
	" left join lakebeat_consumed k"                                                           \
	" on k.sensor = s.id and k.trigger_job_id = c.trigger_job_id "

#define SQL_RUN_COLUMNS                                                                            \
	"r.id, r.trigger_job_id, r.run_no, r.attempt, r.token, r.state, r.runner,"                 \
	" r.external_id, r.url, r.message, r.tries, r.refused, r.planned_at_us,"                   \
	" r.next_try_at_us, r.submitted_at_us, r.ended_at_us "

#define SQL_MAP(X)                                                                                 \
	X(SQL_BEGIN_READ, "begin")                                                                 \
	X(SQL_BEGIN_WRITE, "begin immediate")                                                      \
	X(SQL_COMMIT, "commit")                                                                    \
	X(SQL_ROLLBACK, "rollback")                                                                \
	/* record */                                                                               \
	X(SQL_SENSOR_FIND, "select id, last_seq from lakebeat_sensor"                              \
			   " where sensor_source = ?1 and sensor_id = ?2 and base_location = ?3")  \
	X(SQL_SENSOR_ADD, "insert into lakebeat_sensor (sensor_source, sensor_id, base_location)"  \
			  " values (?1, ?2, ?3)")                                                  \
	X(SQL_SENSOR_EVENTS,                                                                       \
	  "update lakebeat_sensor set last_seq = ?2, last_event_at_us = ?3 where id = ?1")         \
	X(SQL_SENSOR_START, "update lakebeat_sensor set start_seq = last_seq where id = ?1")       \
	X(SQL_SENSOR_CHECKPOINT, "update lakebeat_sensor set floor = ?2, folder_time_ns = ?3,"     \
				 " full_pass_at_us = ?4, ordered = ?5 where id = ?1")              \
	X(SQL_SENSOR_ERROR, "update lakebeat_sensor set last_error = ?2"                           \
			    " where id = ?1 and last_error is not ?2")                             \
	X(SQL_EVENT_KNOWN, "select 1 from lakebeat_event where sensor = ?1 and file_name = ?2")    \
	X(SQL_EVENT_ADD,                                                                           \
	  "insert or ignore into lakebeat_event (sensor, seq, file_name, etag,"                    \
	  " modified_at_us, size_bytes, observed_at_us) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)")      \
	X(SQL_ADVANCED_CLEAR, "delete from temp.advanced")                                         \
	X(SQL_ADVANCED_ADD, "insert or ignore into temp.advanced values (?1)")                     \
	/* forgetting */                                                                           \
	X(SQL_SENSOR_CONSUMED,                                                                     \
	  "select coalesce(min(coalesce(k.seq, s.start_seq)), max(s.last_seq))"                    \
	  " from lakebeat_sensor s left join {control} c"                                          \
	  " on c.sensor_id = s.sensor_id and lb_word(c.sensor_source) = "                          \
	  "s.sensor_source" SQL_CONSUMED_OF_ROW "where s.id = ?1")                                 \
	X(SQL_EVENT_OLD, "select seq, file_name from lakebeat_event"                               \
			 " where sensor = ?1 and seq <= ?2 and observed_at_us < ?3")               \
	X(SQL_EVENT_FORGET, "delete from lakebeat_event where sensor = ?1 and seq = ?2")           \
	X(SQL_RUN_FORGET, "delete from lakebeat_run where ended_at_us < ?1 and id not in"          \
			  " (select max(id) from lakebeat_run group by trigger_job_id)")           \
	X(SQL_AUDIT_FORGET, "delete from lakebeat_audit where at_us < ?1")                         \
	/* which jobs */                                                                           \
	X(SQL_WANTED_CLEAR, "delete from temp.wanted")                                             \
	X(SQL_WANTED_ADD, "insert or ignore into temp.wanted values (?1)")                         \
	X(SQL_WANTED_ADVANCED, "insert or ignore into temp.wanted select c.trigger_job_id"         \
			       " from temp.advanced a join lakebeat_sensor s on s.id = a.sensor"   \
			       " join {control} c on c.sensor_id = s.sensor_id"                    \
			       " where lb_word(c.sensor_source) = s.sensor_source"                 \
			       " and c.trigger_job_id is not null")                                \
	X(SQL_WANTED_PENDING,                                                                      \
	  "insert or ignore into temp.wanted select c.trigger_job_id"                              \
	  " from {control} c left join" SQL_SENSORS_OF_ROW SQL_CONSUMED_OF_ROW                     \
	  "where c.trigger_job_id is not null and lb_word(c.job_state) = 'unpaused' and"           \
	  " case lb_word(c.status) when 'new_event_available'"                                     \
	  "  then s.last_seq > coalesce(k.seq, s.start_seq)"                                       \
	  "   or not exists (select 1 from lakebeat_run r"                                         \
	  "    where r.trigger_job_id = c.trigger_job_id"                                          \
	  "    and r.state in ('PLANNED', 'SUBMITTED'))"                                           \
	  "  when 'completed' then s.last_seq > coalesce(k.seq, s.start_seq)"                      \
	  "  else c.status is null and s.last_seq > coalesce(k.seq, s.start_seq) end")             \
	X(SQL_WANTED_ALL, "insert or ignore into temp.wanted select distinct trigger_job_id"       \
			  " from {control} where trigger_job_id is not null")                      \
	/* jobs */                                                                                 \
	X(SQL_JOB_ROWS,                                                                            \
	  "select w.trigger_job_id, c.rowid, c.sensor_source, c.sensor_id, c.sensor_read_type,"    \
	  " c.asset_description, c.upstream_key, c.preprocess_query, c.trigger_job_id,"            \
	  " c.trigger_job_name, c.job_state, c.dependency_flag, c.status,"                         \
	  " c.latest_event_fetched_timestamp, c.status_change_timestamp,"                          \
	  " c.job_start_timestamp, c.job_end_timestamp,"                                           \
	  " s.id, s.last_seq, coalesce(k.seq, s.start_seq), s.last_event_at_us"                    \
	  " from temp.wanted w left join {control} c on c.trigger_job_id = w.trigger_job_id"       \
	  " left join" SQL_SENSORS_OF_ROW SQL_CONSUMED_OF_ROW                                      \
	  "order by w.trigger_job_id, c.sensor_id, c.rowid")                                       \
	X(SQL_JOB_RUNS,                                                                            \
	  "select " SQL_RUN_COLUMNS "from temp.wanted w join lakebeat_run r on r.id ="             \
	  " (select max(id) from lakebeat_run where trigger_job_id = w.trigger_job_id)"            \
	  " order by w.trigger_job_id")                                                            \
	/* runs */                                                                                 \
	X(SQL_RUNS_NEXT_TRY_FIRST,                                                                 \
	  "select " SQL_RUN_COLUMNS "from lakebeat_run r"                                          \
	  " where r.state in ('PLANNED', 'SUBMITTED') and r.state = ?1"                            \
	  " and (?2 is null or r.runner = ?2) and (?3 is null or r.trigger_job_id = ?3)"           \
	  " and (?4 is null or r.token = ?4)"                                                      \
	  " order by r.next_try_at_us, r.id limit ?5")                                             \
	X(SQL_RUNS_ANY,                                                                            \
	  "select " SQL_RUN_COLUMNS "from lakebeat_run r"                                          \
	  " where (?1 >> case r.state when 'PLANNED' then 0 when 'SUBMITTED' then 1"               \
	  "  when 'SUCCEEDED' then 2 when 'FAILED' then 3 else 4 end) & 1"                         \
	  " and (?2 is null or r.runner = ?2) and (?3 is null or r.trigger_job_id = ?3)"           \
	  " and (?4 is null or r.token = ?4) order by"                                             \
	  " case ?6 when 0 then r.next_try_at_us else 0 end,"                                      \
	  " case ?6 when 0 then r.id else -r.id end limit ?5")                                     \
	X(SQL_RUN_INPUTS,                                                                          \
	  "select i.sensor, s.sensor_id, i.from_seq, i.to_seq from lakebeat_run_input i"           \
	  " join lakebeat_sensor s on s.id = i.sensor where i.run = ?1"                            \
	  " order by s.sensor_id, i.sensor")                                                       \
	X(SQL_EVENTS, "select e.seq, s.sensor_id, s.base_location, e.file_name, e.etag,"           \
		      " e.modified_at_us, e.size_bytes, e.observed_at_us"                          \
		      " from lakebeat_event e join lakebeat_sensor s on s.id = e.sensor"           \
		      " where e.sensor = ?1 and e.seq > ?2 and e.seq <= ?3 order by e.seq")        \
	/* sensors */                                                                              \
	X(SQL_SENSORS_TO_SCAN,                                                                     \
	  "select ?1, ?2, c.sensor_id, s.floor, s.folder_time_ns, s.full_pass_at_us,"              \
	  " coalesce(s.ordered, 1), s.last_error, coalesce(s.last_seq, 0), s.last_event_at_us"     \
	  " from {control} c left join lakebeat_sensor s on s.sensor_source = ?1"                  \
	  " and s.sensor_id = c.sensor_id and s.base_location = ?2"                                \
	  " where lb_word(c.sensor_source) = ?1 group by c.sensor_id order by c.sensor_id")        \
	X(SQL_SENSORS_KNOWN,                                                                       \
	  "select sensor_source, base_location, sensor_id, floor, folder_time_ns,"                 \
	  " full_pass_at_us, ordered, last_error, last_seq, last_event_at_us"                      \
	  " from lakebeat_sensor order by sensor_source, sensor_id, base_location")                \
	X(SQL_AUDIT, "select at_us, trigger_job_id, sensor_id, \"from\", \"to\", cause, run_no,"   \
		     " attempt, who from lakebeat_audit where ?1 is null or trigger_job_id = ?1"   \
		     " order by id desc limit ?2")                                                 \
	/* save */                                                                                 \
	X(SQL_ROW_STATE, "update {control} set latest_event_fetched_timestamp = ?3, status = ?4,"  \
			 " status_change_timestamp = ?5, job_start_timestamp = ?6,"                \
			 " job_end_timestamp = ?7, job_state = ?8"                                 \
			 " where trigger_job_id is ?1 and sensor_id is ?2")                        \
	X(SQL_ROW_ADD, "insert into {control} (sensor_source, sensor_id, sensor_read_type,"        \
		       " asset_description, upstream_key, preprocess_query, trigger_job_id,"       \
		       " trigger_job_name, job_state, dependency_flag)"                            \
		       " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                        \
	X(SQL_ROW_DECLARE, "update {control} set sensor_source = ?1, sensor_read_type = ?3,"       \
			   " asset_description = ?4, upstream_key = ?5, preprocess_query = ?6,"    \
			   " trigger_job_name = ?8, job_state = ?9, dependency_flag = ?10"         \
			   " where sensor_id is ?2 and trigger_job_id is ?7")                      \
	X(SQL_ROW_REMOVE, "delete from {control} where sensor_id is ?2 and trigger_job_id is ?1")  \
	X(SQL_RUN_ADD,                                                                             \
	  "insert into lakebeat_run (trigger_job_id, run_no, attempt, token, state, runner,"       \
	  " external_id, url, message, tries, refused, planned_at_us, next_try_at_us,"             \
	  " submitted_at_us, ended_at_us)"                                                         \
	  " values (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")           \
	X(SQL_RUN_CHANGE,                                                                          \
	  "update lakebeat_run set state = ?6, external_id = ?8, url = ?9, message = ?10,"         \
	  " tries = ?11, refused = ?12, next_try_at_us = ?14, submitted_at_us = ?15,"              \
	  " ended_at_us = ?16 where id = ?1")                                                      \
	X(SQL_RUN_INPUT_ADD, "insert into lakebeat_run_input values (?1, ?2, ?3, ?4)")             \
	X(SQL_CONSUMED_MOVE, "insert into lakebeat_consumed values (?1, ?2, ?3)"                   \
			     " on conflict do update set seq = max(seq, excluded.seq)")            \
	X(SQL_ENTRY_CHANGE,                                                                        \
	  "update {sensors} set assets = ?2, status = ?3, status_change_timestamp = ?4,"           \
	  " checkpoint_location = ?5, upstream_key = ?6 where sensor_id = ?1")                     \
	X(SQL_ENTRY_ADD,                                                                           \
	  "insert into {sensors} (sensor_id, assets, status, status_change_timestamp,"             \
	  " checkpoint_location, upstream_key) values (?1, ?2, ?3, ?4, ?5, ?6)")                   \
	X(SQL_AUDIT_ADD,                                                                           \
	  "insert into lakebeat_audit (at_us, trigger_job_id, sensor_id, \"from\", \"to\","        \
	  " cause, run_no, attempt, who) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")

enum lb_sql {
#define SQL_ENUM(name, text) name,
	SQL_MAP(SQL_ENUM)
#undef SQL_ENUM
		SQL_COUNT
};

#endif
